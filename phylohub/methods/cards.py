"""Which part of a model card is compared.

Source: the study's methods, "Genetic similarity".
"""

CARD_CHARACTERS = 512


def card_text(card: str | None, n_characters: int | None = CARD_CHARACTERS) -> str | None:
    """The part of a model card that is compared: its first `n_characters`, or all of it for None.

    None if the card is missing, too short for that (shorter than 512 characters, where all of it is compared), or
    says that it was automatically generated, in any case.
    """
    if card is None or len(card) < (CARD_CHARACTERS if n_characters is None else n_characters):
        return None
    lower = card.lower()
    if "automatically generated" in lower or "generated automatically" in lower:
        return None
    return card[:n_characters]
