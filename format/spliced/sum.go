package spliced

// combine gives the CRC-32 of two parts, one behind the other, from those of each and
// the length of the second. Bytes behind the first part multiply its sum by x⁸ each,
// modulo the polynomial of IEEE 802.3; sums are polynomials with x⁰ as the highest bit.
func combine(first, second uint32, length int64) uint32 {
	by := one
	for i, n := 3, length; n > 0; i, n = i+1, n>>1 {
		if n&1 != 0 {
			by = times(powers[i%len(powers)], by)
		}
	}
	return times(by, first) ^ second
}

const (
	one        = uint32(1) << 31
	polynomial = uint32(0xedb88320)
)

// powers are x to 1, 2, 4, 8 and so on. The one after the last is the first again: x to
// 2³² is x, as to each power of two that the order of its field is told by.
var powers = func() (p [32]uint32) {
	p[0] = one >> 1
	for i := 1; i < len(p); i++ {
		p[i] = times(p[i-1], p[i-1])
	}
	return p
}()

// times multiplies two polynomials.
func times(a, b uint32) (product uint32) {
	for m := one; m != 0; m >>= 1 {
		if a&m != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ polynomial
		} else {
			b >>= 1
		}
	}
	return product
}
