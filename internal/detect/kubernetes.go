package detect

import "strings"

// pod adds what is known of a Kubernetes pod, and reports whether this is one.
//
// A pod learns its name from the downward API only, in variables whose names the
// deployment chooses. Those that begin with K8S_ are taken anywhere, and those of
// Kubernetes' own examples in a pod only: NODE_NAME means something else elsewhere.
func (f *findings) pod(s System, mounts []mount) bool {
	uid, container := kubeletMount(mounts)
	isPod := s.Env("KUBERNETES_SERVICE_HOST") != "" || uid != ""
	env := func(specific []string, general ...string) string {
		if !isPod {
			general = nil
		}
		return s.firstEnv(append(specific, general...)...)
	}
	or := func(value string, otherwise func() string) string {
		if value == "" && isPod {
			return otherwise()
		}
		return value
	}
	f.add("k8s.cluster.name", env([]string{"K8S_CLUSTER_NAME"}))
	f.add("k8s.namespace.name", or(
		env([]string{"K8S_NAMESPACE_NAME", "K8S_NAMESPACE", "K8S_POD_NAMESPACE"}, "POD_NAMESPACE", "MY_POD_NAMESPACE"),
		func() string { return s.text("/var/run/secrets/kubernetes.io/serviceaccount/namespace") }))
	f.add("k8s.deployment.name", env([]string{"K8S_DEPLOYMENT_NAME"}))
	f.add("k8s.pod.name", or(
		env([]string{"K8S_POD_NAME"}, "POD_NAME", "MY_POD_NAME", "OTEL_RESOURCE_ATTRIBUTES_POD_NAME"),
		func() string { return podHostname(s) }))
	f.add("k8s.pod.uid", or(
		env([]string{"K8S_POD_UID"}, "POD_UID", "MY_POD_UID", "OTEL_RESOURCE_ATTRIBUTES_POD_UID"),
		func() string { return uid }))
	f.add("k8s.container.name", or(
		env([]string{"K8S_CONTAINER_NAME"}, "CONTAINER_NAME"),
		func() string { return container }))
	f.add("k8s.node.name", env([]string{"K8S_NODE_NAME"}, "NODE_NAME", "MY_NODE_NAME", "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME"))
	return isPod
}

// kubeletMount returns what the files tell that the kubelet mounts into each pod:
//
//	/var/lib/kubelet/pods/<uid>/etc-hosts                    at /etc/hosts
//	/var/lib/kubelet/pods/<uid>/containers/<name>/5a1b0c3d   at /dev/termination-log
func kubeletMount(mounts []mount) (uid, container string) {
	for _, m := range mounts {
		_, path, ok := strings.Cut(m.root, "/pods/")
		if !ok || m.point != "/etc/hosts" && m.point != "/dev/termination-log" {
			continue
		}
		elements := strings.Split(path, "/")
		if len(elements) == 2 && elements[1] == "etc-hosts" {
			uid = elements[0]
		}
		if len(elements) == 4 && elements[1] == "containers" {
			uid, container = elements[0], elements[2]
		}
	}
	return uid, container
}

// podHostname returns the name of the host if that is the pod's. It is not if the pod
// uses the network of its node, which the kubelet notes in /etc/hosts, nor if it was
// made a domain name or, being too long for a host, was cut.
func podHostname(s System) string {
	const managed, maxLabel = "# Kubernetes-managed hosts file.", 63
	name, err := s.Hostname()
	if err != nil || len(name) >= maxLabel || strings.Contains(name, ".") || !strings.HasPrefix(s.text("/etc/hosts"), managed) {
		return ""
	}
	return name
}
