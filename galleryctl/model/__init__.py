"""The data types: addresses, fields, media, desired and live resources, errors. No I/O; imports no other package."""
