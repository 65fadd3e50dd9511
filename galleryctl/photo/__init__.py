"""Reads what photos and videos say of themselves, from the headers of their files; nothing is decoded."""
