// Package detect finds out what an OpenTelemetry resource says of a process by itself:
// its build, its host, its container, its Kubernetes pod and its cloud platform.
//
// It asks the environment and a few files, never the network: a metadata service that
// does not answer would delay the start of a service that is off its cloud, and one
// that does may be somebody else's.
//
// Only what stays the same while a process runs, and if possible over a restart, is
// looked for, and only what the OpenTelemetry conventions name. There is no
// process.pid: each start would be another resource, which is stored with the records
// of that start, and another stream in log stores that make streams of resources. There
// is no host.id: by the conventions it is /etc/machine-id, which machine-id(5) asks not
// to show to strangers; whoever wants it names it in OTEL_RESOURCE_ATTRIBUTES. There are
// no command line and no user: the former is where secrets are given.
package detect
