// Draws a forest on a canvas and unfolds it as a tree. Positions come from `phylohub.trees.pack`; only childless children
// are placed here, by the same rule. All text of the Hub is set as text, never as markup.
"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const bytes = Uint8Array.from(atob($("data").content.textContent.trim()), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const headLength = new Uint32Array(buffer, 0, 1)[0];
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headLength)));
  const of = {};
  const types = { i1: Int8Array, i4: Int32Array, f4: Float32Array };
  let offset = 4 + headLength;
  for (const [name, type, length] of head.arrays) {
    of[name] = new types[type](buffer, offset, length);
    offset += Math.ceil((length * types[type].BYTES_PER_ELEMENT) / 4) * 4;
  }
  const ids = head.ids.split("\n");
  const n = ids.length;
  const { size, relation, license, task, month, downloads, n_children: nChildren, n_descendants: nDescendants } = of;
  const number = (value) => value.toLocaleString("en");

  // ---- the forest: parents, levels and places ----
  const parent = of.above.map((above, i) => (above ? i - above : -1));
  const level = new Int32Array(n);
  const leaves = new Int32Array(n);
  const x = new Float32Array(n), y = new Float32Array(n);
  const cx = new Float32Array(n), cy = new Float32Array(n), radius = new Float32Array(n).fill(0.5);
  const golden = Math.PI * (3 - Math.sqrt(5));
  let placed = 0;
  for (let i = 0; i < n; i++) {
    const above = parent[i];
    level[i] = above < 0 ? 0 : level[above] + 1;
    if (size[i] === 1 && above >= 0) {
      leaves[above] += 1;
      const away = Math.sqrt(i - above + 0.25);
      x[i] = cx[i] = x[above] + away * Math.cos((i - above) * golden);
      y[i] = cy[i] = y[above] + away * Math.sin((i - above) * golden);
    } else {
      [x[i], y[i], cx[i], cy[i], radius[i]] = of.circles.subarray(placed, placed + 5);
      placed += 5;
    }
  }
  const roots = [];
  for (let i = 0; i < n; i += size[i]) roots.push(i);
  const children = (i) => {
    const found = [];
    for (let at = i + 1; at < i + size[i]; at += size[at]) found.push(at);
    return found;
  };
  const rootOf = (i) => {
    while (parent[i] >= 0) i = parent[i];
    return i;
  };

  // ---- colors ----
  const hues = ["#3b78c3", "#d2691e", "#2e9e6b", "#a659b3", "#c9415e", "#8a8a1c", "#1d9aa8", "#7a5a3a"];
  const ages = ["#5b3f8c", "#3f6fb0", "#2a9d9d", "#58b368", "#b3b33a", "#e0913a", "#d2502e"];
  const OTHER = "#8a8a8a", NONE = "#b9b2a6";
  const facts = {
    relation: { codes: relation, names: head.relations, none: "root" },
    license: { codes: license, names: head.licenses, none: "no license" },
    task: { codes: task, names: head.tasks, none: "no task" },
    month: { codes: month.map((value) => (value < 0 ? -1 : Math.floor(value / 12))), none: "unknown date" },
  };
  let colors = new Uint8Array(n), palette = [];
  const paint = (name) => {
    const { codes, names, none } = facts[name];
    const counts = new Map();
    for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
    const known = [...counts.keys()].filter((code) => code >= 0);
    if (name === "month") known.sort((a, b) => b - a);
    else if (name === "relation") known.sort((a, b) => a - b);
    else known.sort((a, b) => counts.get(b) - counts.get(a) || a - b);
    const used = name === "month" ? ages : hues;
    const shown = known.slice(0, used.length);
    if (name === "month") shown.reverse();
    const place = new Map(shown.map((code, i) => [code, i]));
    const label = (code) => (name === "month" ? String(code) : names[code]);
    palette = shown.map((code, i) => ({ color: used[i], label: label(code), n: counts.get(code) }));
    const rest = known.slice(used.length);
    const others = palette.push({ color: OTHER, label: name === "month" ? "earlier" : "other values", n: rest.reduce((sum, code) => sum + counts.get(code), 0) }) - 1;
    const missing = palette.push({ color: NONE, label: none, n: counts.get(-1) ?? 0 }) - 1;
    for (let i = 0; i < n; i++) colors[i] = codes[i] < 0 ? missing : (place.get(codes[i]) ?? others);
    $("legend").replaceChildren(
      ...palette.filter((entry) => entry.n).map((entry) => {
        const item = document.createElement("li");
        const swatch = document.createElement("span");
        swatch.className = "swatch";
        swatch.style.background = entry.color;
        item.append(swatch, `${entry.label} ${number(entry.n)}`);
        return item;
      })
    );
    for (const entry of palette) {
      const [r, g, b] = [1, 3, 5].map((at) => parseInt(entry.color.slice(at, at + 2), 16));
      entry.pixel = (255 << 24) | (b << 16) | (g << 8) | r;
    }
  };

  // ---- merges between families ----
  const merges = [];
  {
    const counts = new Map();
    for (let at = 0; at < of.merges.length; at += 2) {
      const [a, b] = [rootOf(of.merges[at]), rootOf(of.merges[at + 1])];
      if (a !== b) counts.set(a * n + b, (counts.get(a * n + b) ?? 0) + 1);
    }
    for (const [key, count] of counts) merges.push({ a: Math.floor(key / n), b: key % n, count });
    merges.sort((a, b) => b.count - a.count || a.a - b.a || a.b - b.b);
    merges.length = Math.min(merges.length, 3000);
  }
  if (!merges.length) $("merges-label").hidden = true;

  // ---- drawing ----
  const canvas = $("picture");
  const ctx = canvas.getContext("2d", { alpha: false });
  let width = 1, height = 1, ratio = 1, image, pixels, background, ink, soft;
  const view = { x: 0, y: 0, k: 1 };
  let selected = -1, hovered = -1;
  const fit = () => {
    view.x = view.y = 0;
    view.k = Math.min(width, height) / (2.04 * head.whole);
  };
  const resize = () => {
    ratio = Math.min(window.devicePixelRatio || 1, 2);
    const before = Math.min(width, height);
    width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    canvas.width = width;
    canvas.height = height;
    image = ctx.createImageData(width, height);
    pixels = new Uint32Array(image.data.buffer);
    const style = getComputedStyle(document.documentElement);
    [background, ink, soft] = ["--paper", "--ink", "--soft"].map((name) => style.getPropertyValue(name).trim());
    if (before <= 1) fit();
    else view.k *= Math.min(width, height) / before;
    redraw();
  };
  const at = (i) => [(x[i] - view.x) * view.k + width / 2, (y[i] - view.y) * view.k + height / 2];
  const square = (px, py, side, pixel) => {
    const left = Math.max(0, Math.round(px - side / 2)), right = Math.min(width, left + side);
    const top = Math.max(0, Math.round(py - side / 2)), bottom = Math.min(height, top + side);
    for (let row = top; row < bottom; row++) pixels.fill(pixel, row * width + left, row * width + right);
  };
  const redraw = () => {
    if (!pixels) return; // the size of the canvas is not known yet
    const { k } = view;
    const left = width / 2 - view.x * k, top = height / 2 - view.y * k;
    ctx.fillStyle = background;
    ctx.fillRect(0, 0, 1, 1);
    pixels.fill(new Uint32Array(ctx.getImageData(0, 0, 1, 1).data.buffer)[0]);
    const dots = palette.map(() => []);
    const rings = [], links = [], labels = [];
    const leaf = 0.84 * k;
    let drawn = 0;
    const dot = (px, py, side, color) => {
      drawn += 1;
      if (side < 5) square(px, py, Math.max(1, Math.round(side)), palette[color].pixel);
      else dots[color].push(px, py, side / 2);
    };
    for (let i = 0; i < n; ) {
      const r = radius[i] * k, px = cx[i] * k + left, py = cy[i] * k + top;
      if (px + r < 0 || px - r > width || py + r < 0 || py - r > height) {
        i += size[i];
        continue;
      }
      if (r < 1.3 || size[i] === 1) {
        dot(px, py, Math.max(2 * r, 1), colors[size[i] > 1 ? i + 1 : i]); // roots have no relation of their own
        i += size[i];
        continue;
      }
      const nx = x[i] * k + left, ny = y[i] * k + top;
      if (parent[i] < 0 && r > 10) rings.push(px, py, r);
      if (parent[i] >= 0 && r > 5 * ratio) links.push(x[parent[i]] * k + left, y[parent[i]] * k + top, nx, ny);
      const m = leaves[i], core = Math.sqrt(m + 1) * k;
      if (nx + core > 0 && nx - core < width && ny + core > 0 && ny - core < height) {
        // Where several would fall on one pixel, every so many are drawn.
        const step = k < 1 ? Math.ceil(1 / (k * k)) : 1;
        for (let j = i + m; j > i; j -= step) {
          const lx = x[j] * k + left, ly = y[j] * k + top;
          if (lx > -9 && lx < width + 9 && ly > -9 && ly < height + 9) dot(lx, ly, leaf, colors[j]);
        }
      }
      dot(nx, ny, Math.max(leaf * 1.25, 2), colors[i]);
      if (r > (parent[i] < 0 ? 26 : 70) * ratio) labels.push([r, i, nx, ny]);
      i += 1 + m;
    }
    ctx.putImageData(image, 0, 0);
    const line = (values, style, thickness) => {
      ctx.strokeStyle = style;
      ctx.lineWidth = thickness * ratio;
      ctx.beginPath();
      for (let j = 0; j < values.length; j += 4) {
        ctx.moveTo(values[j], values[j + 1]);
        ctx.lineTo(values[j + 2], values[j + 3]);
      }
      ctx.stroke();
    };
    ctx.globalAlpha = 0.45;
    ctx.strokeStyle = soft;
    ctx.lineWidth = 0.7 * ratio;
    ctx.beginPath();
    for (let j = 0; j < rings.length; j += 3) {
      ctx.moveTo(rings[j] + rings[j + 2], rings[j + 1]);
      ctx.arc(rings[j], rings[j + 1], rings[j + 2], 0, 2 * Math.PI);
    }
    ctx.stroke();
    line(links, soft, 0.9);
    ctx.globalAlpha = 1;
    dots.forEach((values, color) => {
      ctx.fillStyle = palette[color].color;
      ctx.beginPath();
      for (let j = 0; j < values.length; j += 3) {
        ctx.moveTo(values[j] + values[j + 2], values[j + 1]);
        ctx.arc(values[j], values[j + 1], values[j + 2], 0, 2 * Math.PI);
      }
      ctx.fill();
    });
    const curve = (a, b) => {
      const [ax, ay] = at(a), [bx, by] = at(b);
      ctx.moveTo(ax, ay);
      ctx.quadraticCurveTo((ax + bx) / 2 + (by - ay) * 0.15, (ay + by) / 2 - (bx - ax) * 0.15, bx, by);
    };
    if ($("merges").checked && merges.length) {
      const seen = (i) => Math.abs(x[i] - view.x) * k < width * 0.6 && Math.abs(y[i] - view.y) * k < height * 0.6;
      const shown = merges.filter(({ a, b }) => seen(a) || seen(b));
      ctx.strokeStyle = ink;
      ctx.globalAlpha = Math.min(0.4, 3 / Math.sqrt(shown.length));
      for (const thick of [1, 2, 3]) {
        ctx.lineWidth = thick * 0.7 * ratio;
        ctx.beginPath();
        for (const { a, b, count } of shown) if (Math.min(3, 1 + Math.floor(Math.log10(count))) === thick) curve(a, b);
        ctx.stroke();
      }
      ctx.globalAlpha = 1;
    }
    for (const i of [hovered, selected]) {
      if (i < 0) continue;
      const path = [];
      for (let j = i; parent[j] >= 0; j = parent[j]) path.push(...at(j), ...at(parent[j]));
      line(path, ink, 1.6);
      ctx.lineWidth = 1.4 * ratio;
      ctx.beginPath();
      for (let j = 0; j < of.merges.length; j += 2)
        if (of.merges[j] === i || of.merges[j + 1] === i) curve(of.merges[j], of.merges[j + 1]);
      ctx.stroke();
      const [px, py] = at(i);
      ctx.beginPath();
      ctx.arc(px, py, Math.max(0.6 * k, 6 * ratio), 0, 2 * Math.PI);
      ctx.lineWidth = 2.4 * ratio;
      ctx.stroke();
    }
    labels.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    if (selected >= 0) labels.unshift([1e9, selected, ...at(selected)]);
    ctx.font = `${12 * ratio}px Arial, Helvetica, sans-serif`;
    ctx.textAlign = "center";
    ctx.lineJoin = "round";
    const boxes = [];
    const maximum = Math.max(4, Math.min(40, Math.round((width / ratio) / 30)));
    for (const [, i, px, py] of labels.slice(0, 200)) {
      if (boxes.length >= maximum) break;
      const text = ids[i].length > 44 ? `${ids[i].slice(0, 43)}…` : ids[i];
      const half = ctx.measureText(text).width / 2 + 4, tall = 9 * ratio;
      const middle = Math.min(Math.max(px, half), Math.max(half, width - half)), up = py - Math.max(0.7 * k, 8 * ratio);
      const box = [middle - half, up - tall * 1.4, middle + half, up + tall * 0.5];
      if (box[1] < 0 || box[3] > height || boxes.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
      boxes.push(box);
      ctx.strokeStyle = background;
      ctx.lineWidth = 4 * ratio;
      ctx.strokeText(text, middle, up);
      ctx.fillStyle = ink;
      ctx.fillText(text, middle, up);
    }
    canvas.dataset.drawn = drawn;
  };
  let waiting = false;
  const draw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      redraw();
    });
  };

  // ---- moving ----
  let flight = 0;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const fly = (to) => {
    cancelAnimationFrame(flight);
    if (still.matches) {
      Object.assign(view, to);
      draw();
      return;
    }
    const from = { ...view }, start = performance.now();
    const far = Math.hypot(to.x - from.x, to.y - from.y) * Math.min(from.k, to.k) > Math.min(width, height);
    const out = far ? Math.min(from.k, to.k, Math.min(width, height) / (2.2 * Math.hypot(to.x - from.x, to.y - from.y) + 1e-9)) : null;
    const step = (now) => {
      const t = Math.min(1, (now - start) / (far ? 1200 : 500)), ease = t * t * (3 - 2 * t);
      view.x = from.x + (to.x - from.x) * ease;
      view.y = from.y + (to.y - from.y) * ease;
      const logs = [from.k, to.k].map(Math.log);
      let log = logs[0] + (logs[1] - logs[0]) * ease;
      if (out) log -= Math.sin(Math.PI * ease) * Math.max(0, (logs[0] + logs[1]) / 2 - Math.log(out));
      view.k = Math.exp(log);
      redraw();
      if (t < 1) flight = requestAnimationFrame(step);
      else canvas.dataset.flown = String(selected);
    };
    flight = requestAnimationFrame(step);
  };
  const flyTo = (i) => {
    const around = size[i] > 1 ? radius[i] : parent[i] >= 0 ? Math.min(radius[parent[i]], 12) : 3;
    const k = Math.min(Math.min(width, height) / (2.3 * around), 26 * ratio);
    fly(size[i] > 1 ? { x: cx[i], y: cy[i], k } : { x: x[i], y: y[i], k });
  };
  const zoom = (factor, px = width / 2, py = height / 2) => {
    cancelAnimationFrame(flight);
    const k = Math.min(Math.max(view.k * factor, Math.min(width, height) / (3 * head.whole)), 60 * ratio);
    view.x += (px - width / 2) * (1 / view.k - 1 / k);
    view.y += (py - height / 2) * (1 / view.k - 1 / k);
    view.k = k;
    draw();
  };
  const nearest = (event) => {
    const box = canvas.getBoundingClientRect();
    const wx = ((event.clientX - box.left) * ratio - width / 2) / view.k + view.x;
    const wy = ((event.clientY - box.top) * ratio - height / 2) / view.k + view.y;
    const slack = (6 * ratio) / view.k;
    let best = -1, nearby = Infinity;
    for (let i = 0; i < n; ) {
      if (Math.hypot(cx[i] - wx, cy[i] - wy) > radius[i] + slack) {
        i += size[i];
        continue;
      }
      const away = Math.hypot(x[i] - wx, y[i] - wy);
      if (away < nearby) [best, nearby] = [i, away];
      i += 1;
    }
    return nearby * view.k < 14 * ratio ? best : -1;
  };

  // ---- one model ----
  const describe = (i) => {
    const words = [parent[i] < 0 ? "root" : `${head.relations[relation[i]]} of ${ids[parent[i]]}`];
    words.push(license[i] < 0 ? "no license" : head.licenses[license[i]]);
    if (task[i] >= 0) words.push(head.tasks[task[i]]);
    if (month[i] >= 0) words.push(`created ${Math.floor(month[i] / 12)}-${String((month[i] % 12) + 1).padStart(2, "0")}`);
    if (downloads[i] >= 0) words.push(`${number(downloads[i])} downloads`);
    words.push(`${number(nChildren[i])} ${nChildren[i] === 1 ? "child" : "children"}, ${number(nDescendants[i])} ${nDescendants[i] === 1 ? "descendant" : "descendants"}`);
    return [...words, ...(head.notes[i] ?? [])].join("; ");
  };
  const show = (i) => {
    const about = $("about");
    if (i < 0) {
      about.textContent = "Point at a model, or search for one.";
      return;
    }
    const name = document.createElement(head.link ? "a" : "strong");
    if (head.link) {
      name.href = head.link + (head.link.endsWith("=") ? encodeURIComponent(ids[i]) : ids[i].split("/").map(encodeURIComponent).join("/"));
      name.rel = "noreferrer";
    }
    name.textContent = ids[i];
    about.replaceChildren(name, ` ${describe(i)}`);
  };
  const select = (i, travel = true) => {
    selected = i;
    canvas.dataset.selected = i < 0 ? "" : ids[i];
    show(i);
    if (travel && i >= 0) flyTo(i);
    else draw();
  };
  const go = (i) => {
    if (i >= 0 && head.link) $("about").querySelector("a").click();
  };

  // ---- pointer and keyboard on the picture ----
  const pointers = new Map();
  let moved = false;
  canvas.addEventListener("pointerdown", (event) => {
    cancelAnimationFrame(flight);
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    moved = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      const found = nearest(event);
      canvas.style.cursor = found < 0 ? "grab" : "pointer";
      if (found !== hovered) {
        hovered = found;
        show(found < 0 ? selected : found);
        draw();
      }
      return;
    }
    const others = [...pointers.values()].filter((pointer) => pointer.pointerId !== event.pointerId);
    if (Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) > 2) moved = true;
    if (others.length) {
      const [other] = others, box = canvas.getBoundingClientRect();
      const span = (pointer) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY) || 1;
      zoom(span(event) / span(before), ((event.clientX + other.clientX) / 2 - box.left) * ratio, ((event.clientY + other.clientY) / 2 - box.top) * ratio);
    } else {
      view.x -= ((event.clientX - before.clientX) * ratio) / view.k;
      view.y -= ((event.clientY - before.clientY) * ratio) / view.k;
      draw();
    }
    pointers.set(event.pointerId, event);
  });
  canvas.addEventListener("pointerup", (event) => {
    pointers.delete(event.pointerId);
    if (moved) return;
    const found = nearest(event);
    if (found >= 0 && found === selected) go(found);
    else select(found, false);
    if (found >= 0) open(found);
  });
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => {
    hovered = -1;
    show(selected);
    draw();
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), (event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio);
  }, { passive: false });
  const next = (i, key) => {
    if (i < 0) return roots[0] ?? -1;
    if (key === "ArrowUp") return parent[i] < 0 ? i : parent[i];
    if (key === "ArrowDown") return size[i] > 1 ? i + 1 + (leaves[i] < size[i] - 1 ? leaves[i] : 0) : i;
    const siblings = parent[i] < 0 ? roots : children(parent[i]);
    return siblings[siblings.indexOf(i) + (key === "ArrowRight" ? 1 : -1)] ?? i;
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^Arrow/.test(event.key)) select(next(selected, event.key));
    else if (event.key === "Enter") go(selected);
    else if (event.key === "+" || event.key === "=") zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") $("whole").click();
    else if (event.key === "Escape") select(-1, false);
    else return;
    event.preventDefault();
  });
  $("closer").addEventListener("click", () => zoom(1.6));
  $("farther").addEventListener("click", () => zoom(1 / 1.6));
  $("whole").addEventListener("click", () => fly({ x: 0, y: 0, k: Math.min(width, height) / (2.04 * head.whole) }));
  $("merges").addEventListener("change", draw);
  $("color").addEventListener("change", () => {
    paint($("color").value);
    draw();
  });

  // ---- search ----
  const lower = ids.map((id) => id.toLowerCase());
  const search = () => {
    const wanted = $("search").value.trim().toLowerCase();
    const found = [];
    if (wanted.length > 1) for (let i = 0; i < n && found.length < 500; i++) if (lower[i].includes(wanted)) found.push(i);
    found.sort((a, b) => (lower[b] === wanted) - (lower[a] === wanted) || nDescendants[b] - nDescendants[a] || a - b);
    const many = found.length === 500 ? "at least 500" : number(found.length);
    $("found").textContent = wanted.length < 2 ? "" : found.length ? `${many} model${found.length === 1 ? "" : "s"}` : `No model here has “${$("search").value.trim()}” in its id.`;
    $("results").replaceChildren(
      ...found.slice(0, 8).map((i) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = ids[i];
        button.addEventListener("click", () => {
          select(i);
          open(i);
          $("results").replaceChildren();
        });
        return button;
      })
    );
    return found;
  };
  $("search").addEventListener("input", search);
  $("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const [first] = search();
    if (first === undefined) return;
    select(first);
    open(first);
    $("results").replaceChildren();
  });

  // ---- the tree: a flat list of rows, so that the deepest chain is no deeper in the page ----
  const PAGE = 100;
  const list = $("tree");
  const state = new WeakMap(); // row -> { node | wedge | more, level }
  const row = (entry) => {
    const item = document.createElement("li");
    state.set(item, entry);
    item.role = "treeitem";
    item.tabIndex = -1;
    item.ariaLevel = String(entry.level + 1);
    item.style.paddingLeft = `${Math.min(entry.level, 20) * 1.2 + 1.4}rem`;
    const unfolds = entry.wedge ? true : entry.node !== undefined && size[entry.node] > 1;
    if (unfolds) item.ariaExpanded = "false";
    const tag = (word) => {
      const span = document.createElement("span");
      span.className = "relation";
      span.textContent = word;
      return span;
    };
    const soft_ = (text) => {
      const span = document.createElement("span");
      span.className = "facts";
      span.textContent = text;
      return span;
    };
    if (entry.wedge) item.append(tag(head.relations[relation[entry.wedge[0]]]), ` ${number(entry.wedge.length)} models without children`);
    else if (entry.more) item.append(`${number(entry.more.length)} more`);
    else {
      const i = entry.node;
      if (entry.level > 20) item.append(soft_(`level ${entry.level} `));
      if (parent[i] >= 0) item.append(tag(head.relations[relation[i]]), " ");
      const name = document.createElement(i === head.marked ? "mark" : "bdi");
      name.textContent = ids[i];
      const words = [license[i] < 0 ? "no license" : head.licenses[license[i]]];
      if (nChildren[i]) words.push(`${number(nChildren[i])} ${nChildren[i] === 1 ? "child" : "children"}`);
      if (nDescendants[i] > nChildren[i]) words.push(`${number(nDescendants[i])} descendants`);
      if (downloads[i] > 0) words.push(`${number(downloads[i])} downloads`);
      item.append(name, " ", soft_([...words, ...(head.notes[i] ?? [])].join(", ")));
    }
    return item;
  };
  const folded = (i) => {
    const wedges = new Map(), entries = [], branches = [];
    for (const child of children(i)) {
      if (size[child] > 1) branches.push({ node: child, level: level[child] });
      else if (wedges.has(relation[child])) wedges.get(relation[child]).push(child);
      else wedges.set(relation[child], [child]);
    }
    for (const members of wedges.values()) entries.push(members.length > 1 ? { wedge: members, level: level[i] + 1 } : { node: members[0], level: level[i] + 1 });
    return [...entries, ...branches];
  };
  const paged = (entries, level_) => (entries.length > PAGE ? [...entries.slice(0, PAGE), { more: entries.slice(PAGE), level: level_ }] : entries);
  const unfold = (item) => {
    const entry = state.get(item);
    if (item.ariaExpanded !== "false") return;
    item.ariaExpanded = "true";
    const below = entry.wedge ? entry.wedge.map((node) => ({ node, level: entry.level + 1 })) : folded(entry.node);
    item.after(...paged(below, entry.level + 1).map(row));
  };
  const fold = (item) => {
    if (item.ariaExpanded !== "true") return;
    item.ariaExpanded = "false";
    const { level: own } = state.get(item);
    while (item.nextElementSibling && state.get(item.nextElementSibling).level > own) item.nextElementSibling.remove();
  };
  const load = (item) => {
    const { more, level: own } = state.get(item);
    const rows = paged(more, own).map(row);
    item.after(...rows);
    item.remove();
    focus(rows[0]);
  };
  const focus = (item, scroll = true) => {
    if (!item) return;
    for (const other of list.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    if (scroll) item.focus();
  };
  const mark = (item) => {
    for (const other of list.querySelectorAll('[aria-selected="true"]')) other.ariaSelected = null;
    item.ariaSelected = "true";
  };
  const activate = (item) => {
    const entry = state.get(item);
    if (entry.more) return load(item);
    if (item.ariaExpanded) (item.ariaExpanded === "true" ? fold : unfold)(item);
    if (entry.node !== undefined) {
      mark(item);
      select(entry.node);
    }
  };
  const find = (test) => {
    for (const item of list.children) if (test(state.get(item))) return item;
  };
  // Unfolds the tree down to a model, and its wedge and pages.
  const open = (i) => {
    const path = [];
    for (let j = i; j >= 0; j = parent[j]) path.unshift(j);
    let item;
    for (const j of path) {
      let found = find((entry) => entry.node === j);
      if (!found) {
        const wedge = find((entry) => entry.wedge?.includes(j));
        if (wedge) unfold(wedge);
        for (let more; !(found = find((entry) => entry.node === j)) && (more = find((entry) => entry.more?.some((other) => other.node === j))); ) {
          const { more: rest, level: own } = state.get(more);
          more.after(...paged(rest, own).map(row));
          more.remove();
        }
      }
      if (!found) return;
      item = found;
      if (j !== i) unfold(item);
    }
    mark(item);
    focus(item, false);
    list.scrollTop += item.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 3;
  };
  list.append(...paged(roots.map((node) => ({ node, level: 0 })), 0).map(row));
  focus(list.firstElementChild, false);
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    focus(item);
    activate(item);
  });
  list.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const { level: own } = state.get(item);
    if (event.key === "ArrowDown") focus(item.nextElementSibling);
    else if (event.key === "ArrowUp") focus(item.previousElementSibling);
    else if (event.key === "Home") focus(list.firstElementChild);
    else if (event.key === "End") focus(list.lastElementChild);
    else if (event.key === "ArrowRight") item.ariaExpanded === "false" ? unfold(item) : item.ariaExpanded && focus(item.nextElementSibling);
    else if (event.key === "ArrowLeft") {
      if (item.ariaExpanded === "true") fold(item);
      else {
        let above = item;
        while (above && state.get(above).level >= own) above = above.previousElementSibling;
        focus(above);
      }
    } else if (event.key === "Enter" || event.key === " ") activate(item);
    else return;
    event.preventDefault();
  });

  // ---- start ----
  paint("relation");
  new ResizeObserver(resize).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", resize);
  const linked = () => {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const i = wanted ? ids.indexOf(wanted) : -1;
    if (i < 0) return false;
    select(i);
    open(i);
    return true;
  };
  window.addEventListener("hashchange", linked);
  if (!linked()) {
    show(-1);
    if (head.marked >= 0) {
      select(head.marked, false);
      open(head.marked);
    } else if (roots.length === 1) unfold(list.firstElementChild);
  }
  canvas.dataset.nodes = n;
  document.documentElement.dataset.ready = "true";
})();
