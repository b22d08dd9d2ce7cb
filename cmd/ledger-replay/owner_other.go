//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package main

import "os"

func tryShared(*os.File) (bool, error) { return false, errNoLocks }
