"""Operations on a build file: refresh, compact, publish, and accept API changes."""
