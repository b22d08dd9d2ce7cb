package sender

import "fmt"

func playPart(part, _ string) error { return fmt.Errorf("no part %q", part) }
