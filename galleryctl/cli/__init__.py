"""The commands: parse options, call one function, render its result. Only here is anything printed or exited."""
