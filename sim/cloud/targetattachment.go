package cloud

// TargetGroupAttachment is aws:lb/targetGroupAttachment:TargetGroupAttachment of an
// instance.
type TargetGroupAttachment struct {
	ID             string `json:"id"`
	TargetGroupARN string `json:"targetGroupArn"`
	TargetID       string `json:"targetId"`
}

// CreateTarget registers an instance with a target group. Again is no error, and
// is the same registration.
func (a *Account) CreateTarget(t *TargetGroupAttachment) error {
	return a.change(func(m *model) error {
		g, err := targetGroups.get(m, t.TargetGroupARN)
		if err != nil {
			return err
		}
		i := m.Instances[t.TargetID]
		switch {
		case i == nil:
			return refuse("InvalidTarget", "The following targets do not exist: '%s'", t.TargetID)
		case i.InstanceState != "running":
			return refuse("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", t.TargetID)
		case m.vpcOf(i) != g.VPCID:
			return refuse("InvalidTarget", "The following targets are not in the target group VPC '%s': '%s'", g.VPCID, t.TargetID)
		}
		t.ID = g.ARN + "-" + decimalDigits(26)
		m.Targets.keep(t.ID, t)
		return nil
	})
}

// Target returns one registration, unless its instance has ended.
func (a *Account) Target(id string) (*TargetGroupAttachment, error) { return targets.lookup(a, id) }

// DeleteTarget takes an instance out of its group, also where it was registered
// more than once.
func (a *Account) DeleteTarget(id string) error {
	return targets.remove(a, id, func(m *model, gone *TargetGroupAttachment) error {
		group, instance := gone.TargetGroupARN, gone.TargetID
		for id, t := range m.Targets {
			if t.TargetGroupARN == group && t.TargetID == instance {
				delete(m.Targets, id)
			}
		}
		return nil
	})
}
