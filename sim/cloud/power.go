package cloud

import "time"

// boot queues the start of a machine; the instance runs once it is on.
func (a *Account) boot(i Instance) {
	a.later(func() {
		a.opts.Hypervisor.Launch(i)
		a.setState(i.ID, "running")
	})
}

// end queues the end of a machine.
func (a *Account) end(id string) {
	a.later(func() {
		a.opts.Hypervisor.Terminate(id, func() { a.Settle(id) })
	})
}

// Resume goes on with what was under way when the account was last open: what
// should run boots, and what was ending ends. A hypervisor calls it once it is
// ready; without one, Open does.
func (a *Account) Resume() error {
	return a.change(func(m *model) error {
		for _, i := range m.Instances {
			switch i.InstanceState {
			case "pending", "running":
				a.boot(*i)
			case "shutting-down":
				a.end(i.ID)
			}
		}
		return nil
	})
}

// setState moves an instance to a state, unless it is further on already.
func (a *Account) setState(id, state string) {
	_, _ = a.apply(func(m *model) error {
		i := m.Instances[id]
		if i == nil || i.InstanceState == "terminated" || state == "running" && i.Gone() {
			return nil
		}
		i.InstanceState = state
		if state == "terminated" {
			m.release(i, a.now())
			a.replaceMember(m, i)
		}
		return nil
	})
	a.deliver()
}

// Settle marks an instance as terminated, once its machine is off.
func (a *Account) Settle(id string) { a.setState(id, "terminated") }

// release gives back what a terminated instance held.
func (m *model) release(i *Instance, now time.Time) {
	i.EndTime = now
	i.SubnetID, i.PrivateIP, i.PublicIP, i.PrivateDNS, i.PublicDNS = "", "", "", "", ""
	i.VPCSecurityGroupIDs = nil
	for _, e := range m.Addresses {
		if e.Instance != i.ID {
			continue
		}
		e.Instance = ""
		if e.NetworkInterface == "" { // one of its own goes with it
			e.AssociationID = ""
		}
	}
	for _, n := range m.Interfaces {
		if n.InstanceID == i.ID {
			n.InstanceID = ""
		}
	}
	for key, t := range m.Targets {
		if t.TargetID == i.ID {
			delete(m.Targets, key)
		}
	}
	for key, v := range m.Attachments {
		if v.InstanceID == i.ID {
			delete(m.Attachments, key)
		}
	}
}

// Reboot boots running instances again, as they are; one that does not run refuses the
// whole call.
func (a *Account) Reboot(ids []string) error {
	return a.change(func(m *model) error {
		for _, id := range ids {
			i, err := instances.get(m, id)
			if err != nil {
				return err
			}
			if i.InstanceState != "running" {
				return refuse("IncorrectInstanceState", "The instance '%s' is not in the 'running' state.", id)
			}
		}
		for _, id := range ids {
			i := *m.Instances[id]
			a.later(func() { a.opts.Hypervisor.Restart(i) })
		}
		return nil
	})
}

// Terminate ends instances; one unknown id refuses the whole call. protected
// instances are refused unless force is set, as the provider does.
func (a *Account) Terminate(ids []string, force bool) error {
	return a.change(func(m *model) error {
		for _, id := range ids {
			i, err := instances.get(m, id)
			if err != nil {
				return err
			}
			if i.DisableAPITermination && !force {
				return refuse("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", id)
			}
		}
		for _, id := range ids {
			if i := m.Instances[id]; !i.Gone() {
				i.InstanceState, i.StateReason = "shutting-down", "Client.UserInitiatedShutdown"
				a.end(id)
			}
		}
		return nil
	})
}
