// Package fsx holds the few file operations on which durability and safety rest
// and which the standard library leaves to its caller: directories that belong
// to one user, files that are never reached through a symbolic link, and names
// that survive a power cut because their directory was synced.
package fsx
