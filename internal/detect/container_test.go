package detect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	id      = "4f1c0a6d5be2d9a78c3b1e0f4f1c0a6d5be2d9a78c3b1e0f4f1c0a6d5be2d9a7"
	sandbox = "aa00aa00aa00aa00aa00aa00aa00aa00aa00aa00aa00aa00aa00aa00aa00aa00"
	task    = "0c1e44c20b4e11edb8780242ac120002"
	podUID  = "0c1e44c2-0b4e-11ed-b878-0242ac120002"
)

// mountinfo makes a line of a root directory and a mount point.
func mountinfo(pairs ...string) string {
	var b strings.Builder
	b.WriteString("/proc/self/mountinfo=")
	b.WriteString("610 488 0:52 / / rw,relatime master:254 - overlay overlay rw,lowerdir=/l/" + sandbox + ":/l/B\n")
	for i := 0; i < len(pairs); i += 2 {
		b.WriteString("1131 610 8:1 " + pairs[i] + " " + pairs[i+1] + " rw,relatime - ext4 /dev/sda1 rw\n")
	}
	return b.String()
}

const ownNamespace = "/proc/self/cgroup=0::/\n"

func TestTheContainerIsFoundInTheFormsOfItsEngine(t *testing.T) {
	cgroup := func(lines ...string) string { return "/proc/self/cgroup=" + strings.Join(lines, "\n") + "\n" }
	for _, c := range []struct {
		name   string
		system System
		want   string
	}{
		{"no container", bare(cgroup("0::/user.slice/user-1000.slice/session-3.scope")), ""},
		{"a service of the host", bare(cgroup("12:pids:/system.slice/docker.service", "0::/system.slice/docker.service")), ""},
		{"no such files", bare(), ""},
		{"nonsense", bare(cgroup("", "::", "x", "0::", "0::////"), "/proc/self/mountinfo=\n\nx y\n1 2 3 4\n"), ""},

		{"v1, docker", bare(cgroup("12:pids:/docker/"+id, "1:name=systemd:/docker/"+id)), id},
		{"v1, docker with systemd", bare(cgroup("4:memory:/system.slice/docker-" + id + ".scope")), id},
		{"v1, docker in docker", bare(cgroup("4:memory:/docker/" + sandbox + "/docker/" + id)), id},
		{"v1, a service in docker", bare(cgroup("1:name=systemd:/docker/" + id + "/system.slice/shop.service")), id},
		{"v1, pod of docker", bare(cgroup("4:cpu:/kubepods/burstable/pod" + podUID + "/" + id)), id},
		{"v1, pod of containerd", bare(cgroup("4:cpu:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0c1e.slice/cri-containerd-" + id + ".scope")), id},
		{"v1, pod of containerd without systemd", bare(cgroup("4:cpu:/system.slice/containerd.service/kubepods-burstable-pod0c1e.slice:cri-containerd:" + id)), id},
		{"v1, pod of CRI-O", bare(cgroup("4:cpu:/kubepods.slice/kubepods-pod0c1e.slice/crio-" + id + ".scope")), id},
		{"v1, ECS", bare(cgroup("9:perf_event:/ecs/" + task + "/" + id)), id},
		{"v1, Fargate", bare(cgroup("9:perf_event:/ecs/" + task + "/" + task + "-2531612879")), task + "-2531612879"},
		{"v1, not in all hierarchies", bare(cgroup("5:rdma:/", "4:cpu:/docker/"+id)), id},

		{"v2, docker in the host's namespace", bare(cgroup("0::/system.slice/docker-" + id + ".scope")), id},
		{"v2, podman in the host's namespace", bare(cgroup("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope/container")), id},
		{"v2, docker", bare(ownNamespace, mountinfo("/var/lib/docker/containers/"+id+"/resolv.conf", "/etc/resolv.conf", "/var/lib/docker/containers/"+id+"/hostname", "/etc/hostname")), id},
		{"v2, docker on a disk of its own", bare(ownNamespace, mountinfo("/containers/"+id+"/hosts", "/etc/hosts")), id},
		{"v2, podman", bare(ownNamespace, mountinfo("/containers/storage/overlay-containers/"+id+"/userdata/hostname", "/etc/hostname")), id},
		{"v2, podman's own file", bare(ownNamespace, mountinfo("/containers/storage/overlay-containers/"+id+"/userdata/.containerenv", "/run/.containerenv")), id},
		{"v2, nerdctl", bare(ownNamespace, mountinfo("/var/lib/nerdctl/1935db59/containers/default/"+id+"/hostname", "/etc/hostname")), id},
		{"v2, CRI-O's groups", bare(ownNamespace, mountinfo("/kubepods.slice/kubepods-pod0c1e.slice/crio-"+id+".scope", "/sys/fs/cgroup")), id},
		{"v2, containerd's groups", bare(ownNamespace, mountinfo("/kubepods.slice/kubepods-pod0c1e.slice/cri-containerd-"+id+".scope", "/sys/fs/cgroup/unified")), id},

		{"the sandbox of a pod of containerd", bare(ownNamespace, mountinfo("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/"+sandbox+"/hostname", "/etc/hostname")), ""},
		{"the sandbox of a pod of CRI-O", bare(ownNamespace, "KUBERNETES_SERVICE_HOST=10.0.0.1", mountinfo("/containers/storage/overlay-containers/"+sandbox+"/userdata/hostname", "/etc/hostname")), ""},
		{"a volume of another container", bare(ownNamespace, mountinfo("/var/lib/docker/containers/"+sandbox+"/"+sandbox+"-json.log", "/logs/x")), ""},
		{"too short an ID", bare(cgroup("4:cpu:/docker/" + id[1:])), ""},
		{"not an ID", bare(cgroup("4:cpu:/docker/" + strings.ToUpper(id))), ""},
		{"a UUID is none", bare(cgroup("4:cpu:/pod" + podUID)), ""},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, found(t, c.system)["container.id"]) })
	}
}
