"""Find out how a site behaves, in a gallery and with files of the probe's own."""
