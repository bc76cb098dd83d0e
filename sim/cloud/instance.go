package cloud

import (
	"cmp"
	"crypto/sha1" // the provider's own choice for what it shows of user data
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Instance is aws:ec2/instance:Instance, and what CreateFleet launches.
type Instance struct {
	ID                       string              `json:"id"`
	AMI                      string              `json:"ami"`
	InstanceType             string              `json:"instanceType"`
	SubnetID                 string              `json:"subnetId,omitempty"`
	VPCSecurityGroupIDs      []string            `json:"vpcSecurityGroupIds,omitempty"`
	NetworkInterfaces        []InstanceInterface `json:"networkInterfaces,omitempty"`
	PrivateIP                string              `json:"privateIp,omitempty"`
	AssociatePublicIPAddress *bool               `json:"associatePublicIpAddress,omitempty"`
	IAMInstanceProfile       string              `json:"iamInstanceProfile,omitempty"`
	UserData                 string              `json:"userData,omitempty"`
	UserDataReplaceOnChange  bool                `json:"userDataReplaceOnChange,omitempty"`
	DisableAPITermination    bool                `json:"disableApiTermination,omitempty"`
	MetadataOptions          *MetadataOptions    `json:"metadataOptions,omitempty"`
	RootBlockDevice          *RootBlockDevice    `json:"rootBlockDevice,omitempty"`
	// VolumeTags are given to the root volume at launch. What is read back are the
	// tags of all volumes that the instance has.
	VolumeTags map[string]string `json:"volumeTags,omitempty"`
	Tagged
	instanceComputed
}

type instanceComputed struct {
	ARN                       string `json:"arn"`
	InstanceState             string `json:"instanceState"`
	AvailabilityZone          string `json:"availabilityZone"`
	PrimaryNetworkInterfaceID string `json:"primaryNetworkInterfaceId"`
	PrivateDNS                string `json:"privateDns"`
	PublicIP                  string `json:"publicIp"`
	PublicDNS                 string `json:"publicDns"`
	InstanceLifecycle         string `json:"instanceLifecycle"` // "spot", or "" for on demand
	SpotInstanceRequestID     string `json:"spotInstanceRequestId"`

	// What only this model needs to know.
	Script      string    `json:"script"` // the user data itself
	LaunchTime  time.Time `json:"launchTime"`
	EndTime     time.Time `json:"endTime"`
	StateReason string    `json:"stateReason"`
	FleetID     string    `json:"fleetId"`
	TakenBackAt time.Time `json:"takenBackAt"` // when AWS ends it, as its metadata says; zero: not

	ScalingGroup string `json:"scalingGroup"` // the name of the auto scaling group that it belongs to
}

// Gone reports whether the instance is ending or has ended.
func (i *Instance) Gone() bool {
	return i.InstanceState == "shutting-down" || i.InstanceState == "terminated"
}

// Instance returns one instance, an ended one too while it is remembered.
func (a *Account) Instance(id string) (*Instance, error) {
	return instances.lookup(a, id)
}

// remembered is how long an ended instance can still be seen.
const remembered = time.Hour

// Instances returns all that are remembered: those that run, and those that
// ended less than an hour ago. Those launched first come first.
func (a *Account) Instances() []Instance {
	var out []Instance
	_ = a.view(func(m *model) error {
		for _, i := range m.Instances {
			if !i.forgotten(a.now()) {
				out = append(out, *i)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(x, y Instance) int {
		return cmp.Or(x.LaunchTime.Compare(y.LaunchTime), strings.Compare(x.ID, y.ID))
	})
	return out
}

func (i *Instance) forgotten(now time.Time) bool {
	return i.InstanceState == "terminated" && now.Sub(i.EndTime) >= remembered
}

// InstanceAt finds the instance that has an address, as seen by from: private
// addresses mean something inside their VPC only.
func (a *Account) InstanceAt(from Peer, address string) (id string, ok bool) {
	_ = a.view(func(m *model) error {
		source := m.Instances[from.Instance]
		for _, i := range m.Instances {
			if address == "" || i.Gone() {
				continue
			}
			if i.PublicIP == address || i.PrivateIP == address && source != nil && m.vpcOf(i) == m.vpcOf(source) {
				id, ok = i.ID, true
			}
		}
		return nil
	})
	return id, ok
}

// shown is what the provider keeps of user data in its state: a digest.
func shown(data string) string {
	if data == "" {
		return ""
	}
	raw := []byte(data)
	if decoded, err := base64.StdEncoding.DecodeString(data); err == nil {
		raw = decoded
	}
	sum := sha1.Sum(raw)
	return hex.EncodeToString(sum[:])
}
