package ledger

// ErrorStack returns the stack that err, or an error that it wraps, carries, in the form
// in which it is sent; empty if none does. It is for those who make records of another
// library's log calls: Record.Stack, if it is set, comes before the error's own, which
// was made nearer to the cause and so is mostly the better one.
func ErrorStack(err error) string { return errorStack(err) }
