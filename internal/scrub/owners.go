package scrub

// The words before a noun that change what it means.

// asks reports whether a word makes a key a question, or a number, about a secret:
// has_password, max_token.
func asks(word []byte) bool {
	switch string(word) {
	case "has", "is", "needs", "requires", "require", "required", "allow", "with", "forgot", "missing", "no", "num", "max",
		"min", "total", "count", "pull", "non":
		return true
	}
	return false
}

// counted reports whether a word makes a token one of those that language models count,
// that turn pages, or that cancel work.
func counted(word []byte) bool {
	switch string(word) {
	case "prompt", "completion", "input", "output", "cached", "reasoning", "page", "next", "continuation", "cancellation",
		"cancel", "cursor", "sync", "resume", "stop", "eos", "bos", "pad", "unk", "mask", "special", "syntax", "unexpected",
		"first", "per":
		return true
	}
	return false
}

// issues reports whether a word makes tokens credentials: there are more that are
// counted.
func issues(word []byte) bool {
	switch string(word) {
	case "access", "refresh", "auth", "api", "bearer", "session", "oauth", "csrf":
		return true
	}
	return false
}

// logsIn reports whether a word makes pass a password.
func logsIn(word []byte) bool {
	switch string(word) {
	case "db", "database", "user", "smtp", "ftp", "sftp", "mail", "email", "mysql", "pg", "postgres", "redis", "admin",
		"root", "login", "http", "proxy", "ldap", "mongo", "amqp", "imap", "rabbitmq":
		return true
	}
	return false
}

// proves reports whether a word makes a code one that proves who somebody is.
func proves(word []byte) bool {
	switch string(word) {
	case "verification", "auth", "authorization", "otp", "mfa", "totp", "recovery", "backup", "reset", "security", "sms",
		"pass", "pairing":
		return true
	}
	return false
}
