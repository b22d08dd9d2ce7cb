package scrub

// about reports whether a word at the end of a key says that the value is about a
// secret: when it was changed, how long it is, of what type, in which file.
func about(word []byte) bool {
	switch string(word) {
	case "at", "in", "on", "by", "ms", "seconds", "minutes", "hours", "days", "date", "time", "timestamp", "age", "ttl",
		"exp", "expires", "expired", "expiry", "expiration", "created", "updated", "changed", "rotated", "refreshed",
		"revoked", "verified", "used", "issued", "latency", "duration", "timeout", "interval":
		return true
	case "count", "counts", "length", "len", "size", "limit", "limits", "max", "min", "total", "usage", "remaining",
		"budget", "rate", "cost", "price", "amount", "balance", "supply", "decimals", "number", "attempt", "attempts",
		"retries", "failures", "index", "position", "offset", "score", "strength", "hit", "hits", "misses", "details":
		return true
	case "type", "kind", "class", "name", "names", "label", "title", "description", "ids", "uuid", "owner",
		"username", "issuer", "audience", "scope", "scopes", "algorithm", "alg", "format", "version", "provider",
		"source", "symbol", "address", "arn", "ref", "url", "uri", "endpoint", "path", "file", "filename", "dir",
		"bucket", "store", "field", "column", "level", "method", "mode", "policy", "rule", "rules", "hint", "question",
		"last4", "suffix", "fingerprint", "thumbprint":
		return true
	case "status", "state", "enabled", "disabled", "required", "valid", "invalid", "validity", "supported", "present",
		"missing", "set", "empty", "match", "matches", "reset", "refresh", "rotation", "validation", "verification",
		"check", "error", "errors", "exception", "reason", "result", "event", "request", "requests", "flow", "grant":
		return true
	case "service", "server", "manager", "handler", "filter", "controller", "encoder", "decoder", "validator", "factory",
		"repository", "client", "util", "utils", "helper", "impl", "generator", "parser", "reader", "writer",
		"interceptor", "middleware", "resolver", "config", "configuration", "builder", "adapter", "module", "plugin",
		"command", "test", "tests", "spec", "job", "task", "worker", "listener", "cache", "counter", "found":
		return true
	case "go", "js", "mjs", "cjs", "jsx", "ts", "tsx", "py", "rb", "java", "kt", "scala", "cs", "php", "c", "cc", "cpp",
		"h", "rs", "swift", "ex", "exs", "erl", "lua", "sh", "sql", "html", "css", "vue", "json", "yaml", "yml", "toml",
		"xml", "proto", "txt", "md", "conf", "cfg", "ini", "log", "lock":
		return true
	}
	return false
}

// parameterWord reports whether a name is a secret only as a parameter of a URL. Most
// names that end with key are, but not those of rows, caches and lists.
func parameterWord(name string) bool {
	var w words
	w.split(name)
	last := w.word(0)
	if w.count == 1 {
		switch string(last) {
		case "code", "state", "sig", "key":
			return true
		case "monkey", "hotkey", "turkey", "sortkey", "primarykey", "publickey":
			return false
		}
	}
	return ends(last, "key") && !indexes(w.word(1))
}

// indexes reports whether a word makes a key the key of rows, caches and lists.
func indexes(word []byte) bool {
	switch string(word) {
	case "sort", "primary", "foreign", "partition", "cache", "public", "idempotency", "group", "row", "object", "order",
		"map", "index", "routing":
		return true
	}
	return false
}
