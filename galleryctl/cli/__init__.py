"""Command-line interface: parse options, call one function, print its result. Only this package prints or exits."""
