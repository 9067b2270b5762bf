package koji

// Tokens and passwords: logging in otherwise than by certificate.
var tokenMethods = []Method{
	{Name: "kura.createToken", Python: "createToken(name, scopes=None, days=None)", Needs: Login, Mode: Write, Doc: "Make a token for programs; its secret is in this answer only."},
	{Name: "kura.listTokens", Python: "listTokens()", Needs: Login, Mode: Read, Doc: "The caller's tokens that were not revoked."},
	{Name: "kura.revokeToken", Python: "revokeToken(id)", Needs: Login, Mode: Write, Doc: "End one of the caller's tokens, or for an administrator anybody's."},
	{Name: "kura.setPassword", Python: "setPassword(password, user=None)", Needs: Login, Mode: Write, Doc: "Change the caller's password, or for an administrator a person's."},
}
