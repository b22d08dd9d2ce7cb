package detect

import (
	"slices"
	"strings"
)

// mount is a line of /proc/self/mountinfo: the directory root of a file system is seen
// at point.
type mount struct{ root, point string }

func readMounts(s System) []mount {
	var all []mount
	for line := range strings.Lines(s.text("/proc/self/mountinfo")) {
		// 1131 1128 8:1 /lib/docker/containers/4f1c/hostname /etc/hostname rw - ext4 /dev/sda1 rw
		if fields := strings.Fields(line); len(fields) > 4 {
			all = append(all, mount{root: fields[3], point: fields[4]})
		}
	}
	return all
}

// containerID returns the ID of the container that the process runs in, "" if it runs
// in none or that cannot be told.
//
// Control groups tell it, unless the container has a namespace of its own for them, as
// is usual with version 2: then the process seems to be in the root. What is left are
// the files that the container engine keeps for the container and mounts into it. In a
// pod these belong to the pod's sandbox, which is another container.
func containerID(s System, mounts []mount, pod bool) string {
	for line := range strings.Lines(s.text("/proc/self/cgroup")) {
		// 4:memory:/docker/4f1c..., or 0::/system.slice/docker-4f1c....scope
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 {
			if id := idInPath(parts[2]); id != "" {
				return id
			}
		}
	}
	for _, m := range mounts {
		if m.point == "/sys/fs/cgroup" || strings.HasPrefix(m.point, "/sys/fs/cgroup/") {
			if id := idInPath(m.root); id != "" {
				return id
			}
		}
	}
	for _, m := range mounts {
		switch m.point {
		case "/etc/hostname", "/etc/resolv.conf", "/etc/hosts", "/run/.containerenv":
			if id := idInPath(m.root); id != "" && !pod && strings.Contains(m.root, "containers/") {
				return id
			}
		}
	}
	return ""
}

// idInPath returns the last element of a path that is, or ends in, the ID of a
// container, without what engines put around it:
//
//	/docker/<id>
//	/kubepods.slice/kubepods-pod0c1e.slice/cri-containerd-<id>.scope
//	/kubepods-besteffort-pod0c1e.slice:cri-containerd:<id>
//	/machine.slice/libpod-<id>.scope/container
//	/ecs/<task>/<id>
func idInPath(path string) string {
	for _, e := range slices.Backward(strings.Split(path, "/")) {
		e = strings.TrimSuffix(e, ".scope")
		if isFargate(e) {
			return e
		}
		if id := e[strings.LastIndexAny(e, ":-")+1:]; len(id) == 64 && isMadeOf(id, hexDigits) {
			return id
		}
	}
	return ""
}

const hexDigits = "0123456789abcdef"

func isMadeOf(s, characters string) bool { return s != "" && strings.Trim(s, characters) == "" }

// isFargate reports whether s is an ID of AWS Fargate: that of the task and a number.
func isFargate(s string) bool {
	task, number, _ := strings.Cut(s, "-")
	return len(task) == 32 && isMadeOf(task, hexDigits) && len(number) >= 8 && isMadeOf(number, "0123456789")
}
