package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a password: 19 MiB and two passes, about 30 ms. The parameters
// are stored beside each hash, so that they can grow.
const (
	hashMemory  = 19 << 10
	hashTime    = 2
	hashLanes   = 1
	hashLen     = 32
	saltLen     = 16
	maxPassword = 1024
)

// hashing keeps a crowd of logins from taking all memory.
var hashing = make(chan struct{}, 4)

func hashPassword(password string) string {
	salt := make([]byte, saltLen)
	rand.Read(salt)
	hashing <- struct{}{}
	defer func() { <-hashing }()
	sum := argon2.IDKey([]byte(password), salt, hashTime, hashMemory, hashLanes, hashLen)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashTime, hashLanes,
		enc.EncodeToString(salt), enc.EncodeToString(sum))
}

// nobody is compared with when there is no such user, or it has no password,
// so that the answer takes as long.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func verifyPassword(encoded, password string) bool {
	known := encoded != ""
	if !known {
		encoded = nobody
	}
	salt, sum, memory, passes, lanes, ok := parseHash(encoded)
	if !ok || len(password) > maxPassword {
		return false
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(sum)))
	return subtle.ConstantTimeCompare(got, sum) == 1 && known
}

func parseHash(encoded string) (salt, sum []byte, memory, passes uint32, lanes uint8, ok bool) {
	p := strings.Split(encoded, "$")
	if len(p) != 6 || p[0] != "" || p[1] != "argon2id" || p[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return
	}
	if n, err := fmt.Sscanf(p[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || n != 3 {
		return
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(p[4])
	sum, err2 := base64.RawStdEncoding.DecodeString(p[5])
	ok = err1 == nil && err2 == nil && len(salt) >= 8 && len(sum) >= 16 && len(sum) <= 64 &&
		memory >= 8 && memory <= 1<<20 && passes >= 1 && passes <= 64 && lanes >= 1
	return
}
