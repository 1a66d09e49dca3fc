"""The part of a model card that is compared.

Source: the study's methods, "Genetic similarity".
"""

CARD_CHARACTERS = 512


def card_text(card: str | None, n_characters: int | None = CARD_CHARACTERS) -> str | None:
    """The first `n_characters` of a model card; the whole card if `n_characters` is None.

    Returns None if the card is missing, shorter than `n_characters` (512 if None), or contains "automatically
    generated" or "generated automatically", ignoring case.
    """
    if card is None or len(card) < (CARD_CHARACTERS if n_characters is None else n_characters):
        return None
    lower = card.lower()
    if "automatically generated" in lower or "generated automatically" in lower:
        return None
    return card[:n_characters]
