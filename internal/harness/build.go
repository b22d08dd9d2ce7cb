package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Build compiles the main package pkg of the module in dir into the file out, and
// returns the file's path (with .exe where programs have it). Each module builds on
// its own, as it would for someone who installs it: go.work is not used.
func Build(ctx context.Context, dir, pkg, out string) (string, error) {
	if runtime.GOOS == "windows" {
		out += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("harness: build %s: %w\n%s", pkg, err, bytes.TrimSpace(b))
	}
	return out, nil
}

// Root returns the folder of the module that the working directory belongs to.
func Root(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOMOD")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("harness: find module: %w", err)
	}
	mod := strings.TrimSpace(string(b))
	if mod == "" || mod == os.DevNull {
		return "", fmt.Errorf("harness: find module: the working directory belongs to none")
	}
	return filepath.Dir(mod), nil
}
