// Makes tables sortable and searchable. Without this script, tables show all rows in their original order.
"use strict";
(() => {
  const number = (text) => {
    const value = parseFloat(text.replace(/,/g, "").replace("\u2212", "-"));
    return Number.isNaN(value) ? null : value;
  };

  for (const box of document.querySelectorAll("[data-sortable]")) {
    const table = box.querySelector("table");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const heads = Array.from(table.tHead.rows[0].cells);

    const sort = (at, down) => {
      const numeric = heads[at].classList.contains("n");
      const key = (row) => (numeric ? number(row.cells[at].textContent) : row.cells[at].textContent);
      const keyed = rows.map((row, place) => ({ row, place, key: key(row) }));
      keyed.sort((a, b) => {
        // Nulls come last in both directions; ties keep their original order.
        if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
        const order = numeric ? a.key - b.key : a.key.localeCompare(b.key, "en");
        return (down ? -order : order) || a.place - b.place;
      });
      body.append(...keyed.map((entry) => entry.row));
    };

    heads.forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const first = head.classList.contains("n") ? "descending" : "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        const direction = head.getAttribute("aria-sort") === first ? second : first;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", direction);
        sort(at, direction === "descending");
      });
    });

    if (rows.length > 10) {
      const search = document.createElement("p");
      search.className = "search";
      const label = document.createElement("label");
      label.textContent = "Search ";
      const input = document.createElement("input");
      input.type = "search";
      label.append(input);
      const count = document.createElement("span");
      count.setAttribute("role", "status");
      search.append(label, count);
      box.prepend(search);
      input.addEventListener("input", () => {
        const query = input.value.toLowerCase();
        let shown = 0;
        for (const row of rows) {
          row.hidden = !row.textContent.toLowerCase().includes(query);
          if (!row.hidden) shown += 1;
        }
        count.textContent = query ? `${shown} of ${rows.length} rows` : "";
      });
    }
  }
})();
