package ledger

// Version of this library, as it is sent in User-Agent, scope and resource.
const Version = "0.1.0"

// scopeName is the instrumentation scope of every record.
const scopeName = "github.com/ledger-sdk/ledger-go"
