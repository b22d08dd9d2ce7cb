//go:build !unix

package fsx

const noFollow = 0

func isLoop(error) bool { return false }

// SyncDir makes the creations, renames and removals of names in dir durable. On
// platforms that order directory changes by themselves it does nothing.
func SyncDir(string) error { return nil }
