package rpm

const hostArch = "aarch64"
