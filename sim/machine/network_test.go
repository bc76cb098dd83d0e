package machine_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// open80 lets everybody reach port 80 of the world's machines.
func (w *world) open80() string { return w.open80For("0.0.0.0/0") }

func (w *world) open80For(cidr string) string {
	w.Helper()
	port := 80
	r := &cloud.SecurityGroupRule{SecurityGroupID: w.group, IPProtocol: "tcp", FromPort: &port, ToPort: &port, CidrIPv4: cidr}
	require.NoError(w, w.CreateSecurityGroupRule(r, false))
	return r.ID
}

// free is an address where a door can be opened, which nobody else takes meanwhile.
func (w *world) free() string {
	w.Helper()
	l, err := net.Listen("tcp", "127.80.0.1:0")
	require.NoError(w, err)
	require.NoError(w, l.Close())
	return l.Addr().String()
}

// door opens a door to port 80 of an address.
func (w *world) door(address string, from ...string) string {
	w.Helper()
	at := w.free()
	require.NoError(w, w.host.OpenDoor(at, strings.Join(from, ""), address, 80))
	return "http://" + at
}

// get asks by a connection of its own.
func get(ctx context.Context, address, proxy string) (status int, body string, err error) {
	transport := &http.Transport{DisableKeepAlives: true}
	if proxy != "" {
		via, err := url.Parse(proxy)
		if err != nil {
			return 0, "", err
		}
		transport.Proxy = http.ProxyURL(via)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, string(raw), err
}

// ask asks a machine's page as people on the internet do.
func (w *world) ask(address string) string {
	w.Helper()
	status, body, err := get(w.Context(), w.door(address), "")
	require.NoError(w, err)
	require.Equal(w, http.StatusOK, status)
	return body
}

func TestADoorLetsInWhomSecurityGroupsLetIn(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch(serve(t) + "systemctl start web.service\necho ready > " + box.path)
	box.next()
	door := w.door(i.PublicIP)
	_, _, err := get(t.Context(), door, "")
	require.Error(t, err, "no rule lets anybody in")
	rule := w.open80()
	status, _, err := get(t.Context(), door, "")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, w.DeleteSecurityGroupRule(rule))
	_, _, err = get(t.Context(), door, "")
	require.Error(t, err)
}

func TestThroughADoorPeopleComeFromWhereItSays(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch(serve(t) + "systemctl start web.service\necho ready > " + box.path)
	box.next()
	w.open80For("173.245.48.0/20")
	status, _, err := get(t.Context(), w.door(i.PublicIP, "173.245.48.1"), "")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	for _, from := range []string{"173.245.64.1", ""} {
		_, _, err = get(t.Context(), w.door(i.PublicIP, from), "")
		require.Error(t, err, "from %q", from)
	}
	require.ErrorContains(t, w.host.OpenDoor("127.0.0.1:0", "somewhere", i.PublicIP, 80), "from where people come")
}

func TestAMachineReachesAnotherWhereItMay(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	server := w.launch(serve(t) + "systemctl start web.service\necho ready > " + box.path)
	box.next()
	client := w.launch("echo $http_proxy > " + box.path)
	proxy := box.next()
	refused := func(address, want string) {
		t.Helper()
		status, body, err := get(t.Context(), address, proxy)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadGateway, status)
		require.Contains(t, body, "simulated network: "+want)
	}
	refused("http://"+server.PrivateIP+"/", "no ingress rule of")
	w.open80()
	status, body, err := get(t.Context(), "http://"+server.PrivateIP+"/", proxy)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, server.PrivateIP, "the page sees the name it was asked by")
	refused("http://10.0.0.99/", "nothing within reach has the address 10.0.0.99")
	refused("http://"+server.PrivateIP+":81/", "no ingress rule of")
	refused("http://example.com/", "nothing within reach has the address example.com")
	refused("http://"+client.PrivateIP+"/", "nothing on "+client.ID+" listens on port 80")
}

func TestAMachineReachesAWSByItsRouteOnly(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	w.launch("echo $http_proxy $AWS_ENDPOINT_URL > " + box.path)
	at := splitPair(t, box.next())
	status, body, err := get(t.Context(), at[1], at[0])
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "MissingAuthenticationToken", "it is AWS that answers")
	vpc, err := w.Subnet(w.subnet)
	require.NoError(t, err)
	network, err := w.VPC(vpc.VPCID)
	require.NoError(t, err)
	require.NoError(t, w.DeleteRoute(cloud.RouteID(network.MainRouteTableID, "0.0.0.0/0")))
	status, body, err = get(t.Context(), at[1], at[0])
	require.NoError(t, err)
	require.Equal(t, http.StatusBadGateway, status)
	require.Contains(t, body, "no route to an internet gateway")
}

func TestAMachineReachesServicesOutsideByItsRouteOnly(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("service at " + r.Host)) }))
	t.Cleanup(service.Close)
	w, box := newWorld(t), newMailbox(t)
	w.options.Outside = map[string]string{"service.simulated": service.Listener.Addr().String()}
	w.options.Environment = []string{"SERVICE=http://service.simulated"}
	w.close()
	w.open()
	w.launch("echo $http_proxy $SERVICE > " + box.path)
	at := splitPair(t, box.next())
	status, body, err := get(t.Context(), at[1], at[0])
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "service at service.simulated", body)
	subnet, err := w.Subnet(w.subnet)
	require.NoError(t, err)
	network, err := w.VPC(subnet.VPCID)
	require.NoError(t, err)
	require.NoError(t, w.DeleteRoute(cloud.RouteID(network.MainRouteTableID, "0.0.0.0/0")))
	status, body, err = get(t.Context(), at[1], at[0])
	require.NoError(t, err)
	require.Equal(t, http.StatusBadGateway, status)
	require.Contains(t, body, "no route to an internet gateway")
}
