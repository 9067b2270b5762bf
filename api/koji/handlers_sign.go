package koji

import (
	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/hub/sign"
)

// Signing carries out what concerns signatures. Its methods store and sign
// files, so they open their own transactions.
type Signing struct {
	DB    Database
	Blobs blob.Store
	Sign  *sign.Room
}

// Handlers are the methods.
func (h Signing) Handlers() Handlers {
	return Handlers{}
}
