package cloud

// balancing is the part of the model that stands before machines: load balancers,
// groups of machines, and certificates.
type balancing struct {
	LoadBalancers table[LoadBalancer]
	TargetGroups  table[TargetGroup]
	Targets       table[TargetGroupAttachment]
	Listeners     table[Listener]
	ScalingGroups table[ScalingGroup]
	Certificates  table[Certificate]
	AmazonCA      *authority
}

func (b *balancing) init() {
	initTable(&b.LoadBalancers)
	initTable(&b.TargetGroups)
	initTable(&b.Targets)
	initTable(&b.Listeners)
	initTable(&b.ScalingGroups)
	initTable(&b.Certificates)
}

var (
	balancers     = kind[LoadBalancer]{func(m *model) table[LoadBalancer] { return m.LoadBalancers }, "LoadBalancerNotFound", "load balancer"}
	targetGroups  = kind[TargetGroup]{func(m *model) table[TargetGroup] { return m.TargetGroups }, "TargetGroupNotFound", "target group"}
	targets       = kind[TargetGroupAttachment]{func(m *model) table[TargetGroupAttachment] { return m.Targets }, "TargetNotRegistered", "target"}
	listeners     = kind[Listener]{func(m *model) table[Listener] { return m.Listeners }, "ListenerNotFound", "listener"}
	scalingGroups = kind[ScalingGroup]{func(m *model) table[ScalingGroup] { return m.ScalingGroups }, "AutoScalingGroupNotFound", "auto scaling group"}
	certificates  = kind[Certificate]{func(m *model) table[Certificate] { return m.Certificates }, "ResourceNotFoundException", "certificate"}
)

func init() {
	for _, code := range []string{balancers.code, targetGroups.code, targets.code, listeners.code, scalingGroups.code, certificates.code} {
		notFound[code] = true
	}
}
