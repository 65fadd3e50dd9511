"""Operations on the state that leave the site unchanged."""
