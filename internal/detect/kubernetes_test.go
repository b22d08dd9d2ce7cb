package detect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	inPod     = "KUBERNETES_SERVICE_HOST=10.0.0.1"
	namespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace=shop\n"
	hosts     = "/etc/hosts=# Kubernetes-managed hosts file.\n127.0.0.1 localhost\n"
	nodeHosts = "/etc/hosts=# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n"
)

func TestAPodIsKnownByTheDownwardAPIAndByWhatTheKubeletMounts(t *testing.T) {
	long := strings.Repeat("w", 63)
	for _, c := range []struct {
		name   string
		system System
		want   want
	}{
		{"no pod", bare(namespace, hosts, "NODE_NAME=build-agent-7", "POD_NAME=x", "MY_POD_UID=y", "CONTAINER_NAME=z"), want{}},
		{"nothing is told", bare(inPod), want{}},
		{"all is told", bare(inPod, namespace,
			"K8S_CLUSTER_NAME=prod", "K8S_NAMESPACE_NAME=store", "K8S_DEPLOYMENT_NAME=web", "K8S_POD_NAME=web-5c7",
			"K8S_POD_UID="+podUID, "K8S_CONTAINER_NAME=app", "K8S_NODE_NAME=node-1"), want{
			"k8s.cluster.name": "prod", "k8s.namespace.name": "store", "k8s.deployment.name": "web", "k8s.pod.name": "web-5c7",
			"k8s.pod.uid": podUID, "k8s.container.name": "app", "k8s.node.name": "node-1",
		}},
		{"told outside of what looks like a pod", bare("K8S_POD_NAME=web-5c7"), want{"k8s.pod.name": "web-5c7"}},
		{"names of the examples", bare(inPod, "MY_POD_NAME=web-5c7", "MY_POD_NAMESPACE=store", "MY_NODE_NAME=node-1"), want{
			"k8s.pod.name": "web-5c7", "k8s.namespace.name": "store", "k8s.node.name": "node-1",
		}},
		{"usual names", bare(inPod, "POD_NAME=web-5c7", "POD_NAMESPACE=store", "NODE_NAME=node-1", "POD_UID="+podUID, "CONTAINER_NAME=app"), want{
			"k8s.pod.name": "web-5c7", "k8s.namespace.name": "store", "k8s.node.name": "node-1", "k8s.pod.uid": podUID, "k8s.container.name": "app",
		}},
		{"names of the OpenTelemetry operator", bare(inPod, "OTEL_RESOURCE_ATTRIBUTES_POD_NAME=web-5c7", "OTEL_RESOURCE_ATTRIBUTES_POD_UID="+podUID, "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME=node-1"), want{
			"k8s.pod.name": "web-5c7", "k8s.pod.uid": podUID, "k8s.node.name": "node-1",
		}},
		{"the specific name goes first", bare(inPod, "K8S_POD_NAME=a", "POD_NAME=b"), want{"k8s.pod.name": "a"}},
		{"an empty one does not count", bare(inPod, "K8S_POD_NAME=", "POD_NAME=b"), want{"k8s.pod.name": "b"}},
		{"the service account", bare(inPod, namespace), want{"k8s.namespace.name": "shop"}},
		{"the kubelet's mounts", bare(mountinfo(
			"/var/lib/kubelet/pods/"+podUID+"/etc-hosts", "/etc/hosts",
			"/var/lib/kubelet/pods/"+podUID+"/containers/app/5a1b0c3d", "/dev/termination-log",
			"/var/lib/kubelet/pods/other/volumes/x", "/data")), want{"k8s.pod.uid": podUID, "k8s.container.name": "app"}},
		{"the kubelet on a disk of its own", bare(mountinfo("/pods/"+podUID+"/etc-hosts", "/etc/hosts")), want{"k8s.pod.uid": podUID}},
		{"somebody else's pods", bare(mountinfo("/srv/pods/x", "/etc/hosts", "/srv/pods/x/etc-hosts", "/mnt")), want{}},
		{"the host's name", bare(inPod, hosts, hostname("web-5c7")), want{"host.name": "web-5c7", "k8s.pod.name": "web-5c7"}},
		{"the host's name is the node's", bare(inPod, nodeHosts, hostname("node-1")), want{"host.name": "node-1"}},
		{"the host's name may be cut", bare(inPod, hosts, hostname(long)), want{"host.name": long}},
		{"the host's name is a domain", bare(inPod, hosts, hostname("web.shop.svc")), want{"host.name": "web.shop.svc"}},
		{"the variable goes before the host's name", bare(inPod, hosts, hostname("custom"), "POD_NAME=web-5c7"), want{"host.name": "custom", "k8s.pod.name": "web-5c7"}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, found(t, c.system)) })
	}
}
