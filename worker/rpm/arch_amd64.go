package rpm

const hostArch = "x86_64"
