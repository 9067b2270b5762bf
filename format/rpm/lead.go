package rpm

const (
	leadSize        = 96
	defaultReserved = 4128 // what rpm 4.18 keeps free for signatures
	digestSHA256    = 8    // OpenPGP's number
)

var leadMagic = [4]byte{0xed, 0xab, 0xee, 0xdb}
