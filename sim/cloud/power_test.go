package cloud_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// hypervisor writes down what it is told, and ends machines when it is let.
type hypervisor struct {
	mu    sync.Mutex
	calls []string
	ends  map[string]func()
}

func (h *hypervisor) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, fmt.Sprintf(format, args...))
}

func (h *hypervisor) Launch(i cloud.Instance) { h.note("launch %s", i.ID) }
func (h *hypervisor) Attach(i, d, v string)   { h.note("attach %s %s %s", i, d, v) }
func (h *hypervisor) Detach(i, d, v string)   { h.note("detach %s %s %s", i, d, v) }
func (h *hypervisor) Save(v, s string)        { h.note("save %s %s", v, s) }
func (h *hypervisor) Fill(v, s string)        { h.note("fill %s %s", v, s) }
func (h *hypervisor) Restart(i cloud.Instance) {
	h.note("restart %s at %s as %s", i.ID, i.PublicIP, i.InstanceType)
}
func (h *hypervisor) Terminate(id string, done func()) {
	h.note("terminate %s", id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ends == nil {
		h.ends = map[string]func(){}
	}
	h.ends[id] = done
}

func TestTheHypervisorHearsOfEveryChangeInItsOrder(t *testing.T) {
	h := &hypervisor{}
	w := openWorld(t, t.TempDir(), h)
	i := w.instance(t, w.subnets[0])
	require.Equal(t, "running", i.InstanceState)
	v := &cloud.Volume{AvailabilityZone: i.AvailabilityZone, Size: 1}
	require.NoError(t, w.CreateVolume(v))
	x := &cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: i.ID, VolumeID: v.ID}
	require.NoError(t, w.CreateVolumeAttachment(x))
	require.Len(t, w.AttachmentsOf(i.ID), 1)
	require.NoError(t, w.DeleteVolumeAttachment(x.ID))
	require.NoError(t, w.Terminate([]string{i.ID}, false))
	require.Equal(t, []string{
		"launch " + i.ID, "attach " + i.ID + " /dev/sdf " + v.ID, "detach " + i.ID + " /dev/sdf " + v.ID, "terminate " + i.ID,
	}, h.calls)
}

func TestAMachineHoldsItsNetworkUntilItIsOff(t *testing.T) {
	h := &hypervisor{}
	w := openWorld(t, t.TempDir(), h)
	group := w.group(t, "g")
	i := w.instance(t, w.subnets[0], group)
	require.NoError(t, w.Terminate([]string{i.ID}, false))
	require.NoError(t, w.Terminate([]string{i.ID}, false), "ending it again changes nothing")
	require.Len(t, h.calls, 2)
	got, err := w.Instance(i.ID)
	require.NoError(t, err)
	require.Equal(t, "shutting-down", got.InstanceState)
	refused(t, "DependencyViolation", w.DeleteSubnet(w.subnets[0]))
	refused(t, "DependencyViolation", w.DeleteSecurityGroup(group))
	refused(t, "DependencyViolation", w.DeleteInternetGateway(w.gateway))
	refused(t, "IncorrectInstanceState", w.UpdateInstance(i.ID, &cloud.Instance{InstanceType: "sim.gpu"}))

	h.ends[i.ID]()
	got, err = w.Instance(i.ID)
	require.NoError(t, err)
	require.Equal(t, "terminated", got.InstanceState)
	require.Empty(t, got.PrivateIP+got.PublicIP+got.SubnetID)
	require.NoError(t, w.DeleteSubnet(w.subnets[0]))
	require.NoError(t, w.DeleteSecurityGroup(group))
}

func TestTerminationIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	free := w.instance(t, w.subnets[0])
	kept := w.describe(w.subnets[0])
	kept.DisableAPITermination = true
	require.NoError(t, w.CreateInstance(kept))
	refused(t, "InvalidInstanceID.NotFound", w.Terminate([]string{free.ID, "i-00000000000000000"}, false))
	refused(t, "OperationNotPermitted", w.Terminate([]string{free.ID, kept.ID}, false))
	require.Len(t, w.running(), 2)
	require.NoError(t, w.Terminate([]string{free.ID, kept.ID}, true))
	require.Empty(t, w.running())
}

func TestAnEndedInstanceIsRememberedForAnHour(t *testing.T) {
	w := newWorld(t)
	i := w.instance(t, w.subnets[0])
	require.NoError(t, w.Terminate([]string{i.ID}, false))
	w.now = w.now.Add(59 * time.Minute)
	require.Len(t, w.Instances(), 1)
	w.now = w.now.Add(2 * time.Minute)
	require.Empty(t, w.Instances())
	w.instance(t, w.subnets[0])
	_, err := w.Instance(i.ID)
	require.True(t, cloud.IsNotFound(err))
}

func TestAnAccountGoesOnFromWhereItWas(t *testing.T) {
	dir := t.TempDir()
	first := openWorld(t, dir, &hypervisor{})
	stays, ends := first.instance(t, first.subnets[0]), first.instance(t, first.subnets[0])
	require.NoError(t, first.Terminate([]string{ends.ID}, false))
	made := &cloud.VPC{CidrBlock: "10.9.0.0/16"}
	require.NoError(t, first.Recording("urn:a", func() string { return made.ID }).CreateVPC(made))

	h := &hypervisor{}
	again, err := cloud.Open(cloud.Options{Dir: dir, Architecture: "x86_64", Hypervisor: h, Now: func() time.Time { return first.now }})
	require.NoError(t, err)
	require.Empty(t, h.calls, "a hypervisor says itself when it is ready")
	require.NoError(t, again.Resume())
	require.ElementsMatch(t, []string{"launch " + stays.ID, "terminate " + ends.ID}, h.calls)
	h.ends[ends.ID]()
	got, err := again.Instance(ends.ID)
	require.NoError(t, err)
	require.Equal(t, "terminated", got.InstanceState)
	require.Equal(t, made.ID, again.Creation("urn:a"))
	require.NoError(t, again.ForgetCreation("urn:a", "another"))
	require.Equal(t, made.ID, again.Creation("urn:a"))
	require.NoError(t, again.ForgetCreation("urn:a", made.ID))
	require.Empty(t, again.Creation("urn:a"))
}

func TestWhatCannotBeWrittenDidNotHappen(t *testing.T) {
	h := &hypervisor{}
	w := openWorld(t, t.TempDir(), h)
	block := filepath.Join(w.dir, "model.json.new")
	require.NoError(t, os.Mkdir(block, 0o700))
	require.ErrorContains(t, w.CreateInstance(w.describe(w.subnets[0])), "write the model")
	require.ErrorContains(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}), "write the model")
	require.Empty(t, w.Instances())
	require.Empty(t, h.calls, "no machine starts that the account does not know")
	require.NoError(t, os.Remove(block))
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
}

func TestAModelThatCannotBeReadIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "model.json")
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	_, err := cloud.Open(cloud.Options{Dir: dir, Architecture: "x86_64"})
	require.ErrorContains(t, err, "remove the folder to start with an empty account")
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "{", string(raw))
}

func TestManyCallersAtOnceLoseNothing(t *testing.T) {
	h := &hypervisor{}
	w := openWorld(t, t.TempDir(), h)
	template := w.template(t)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			r := fleet(template, 2, cloud.FleetOverride{SubnetID: w.subnets[n%2]})
			r.ClientToken = fmt.Sprint(n % 4)
			r.Overrides[0].SubnetID = w.subnets[n%4%2]
			if _, err := w.CreateFleet(r); err != nil {
				t.Errorf("fleet %d: %v", n, err)
			}
		})
	}
	all.Wait()
	require.Len(t, w.running(), 8, "two for each of four tokens")
	require.Len(t, h.calls, 8)
}
