package cloud

// Hypervisor boots and ends the machines behind instances. Its methods must
// not wait: an instance boots while the account goes on. They are called one at
// a time, in the order of the changes that ask for them.
type Hypervisor interface {
	// Launch powers a new machine on.
	Launch(Instance)
	// Terminate powers a machine off for good and calls done when it is.
	Terminate(id string, done func())
	// Restart powers a machine off and on again, as it is now.
	Restart(Instance)
	// Attach makes a volume visible to a machine; Detach takes it away.
	Attach(instance, device, volume string)
	Detach(instance, device, volume string)
	// Save keeps what is on a volume as a snapshot; Fill puts it on a new one.
	Save(volume, snapshot string)
	Fill(volume, snapshot string)
}

type noHypervisor struct{}

func (noHypervisor) Launch(Instance)                 {}
func (noHypervisor) Restart(Instance)                {}
func (noHypervisor) Terminate(_ string, done func()) { done() }
func (noHypervisor) Attach(_, _, _ string)           {}
func (noHypervisor) Detach(_, _, _ string)           {}
func (noHypervisor) Save(_, _ string)                {}
func (noHypervisor) Fill(_, _ string)                {}
