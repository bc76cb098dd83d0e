package system

// changes are what people change, and what a reviewer must be told of it. Those of
// the program are made in the copy's source.
var changes = []struct {
	name        string
	settings    []string
	source      map[string][]string
	refused     bool
	says, never []string
}{
	{
		name: "nothing",
		says: []string{"## Preview of `test`: nothing changes\n", "No guardrail refuses it", "(no difference)"}, never: []string{"What this interrupts", "### Outputs"},
	},
	{
		name:     "new pool",
		settings: []string{"    - name: gpu\n", "    - name: big\n      instanceTypes: [g5.2xlarge]\n      image: {id: ami-0d1a6000000000003}\n      maxMachines: 4\n    - name: gpu\n"},
		says: []string{
			"4 created", "### `pool-big`: 4 created", "| big | g5.2xlarge | – | $1.23 | $4.91 for 4 |", "| gpu | g5.xlarge; or g4dn.xlarge for $0.54 | $1.02 | $1.02 | $5.11 for 5 |",
			"| `pools.big` | – | (a structure) | covers it: outputs may be added |", "hosts and machines take a new release without stopping", "| not at all |", "(no difference)",
		},
	},
	{
		name:     "larger instance",
		settings: []string{"t4g.small", "t4g.large"},
		says: []string{
			"## Preview of `test`: 1 changed\n", "`instanceType` `t4g.small` → `t4g.large`", "**$59.89** (+$36.79)",
			"| `host-instance` changed | the allocator: pages, joining and desktops. The instance is stopped and started with its volumes and addresses. Seats stay held",
			"| `host-instance` | $13.54 | $50.34 | instance t4g.large, 16 GiB of gp3 volume |",
		},
		never: []string{"lost for good", "### Outputs"},
	},
	{
		name:     "different subnet",
		settings: []string{"[subnet-0123456789abcdefa, subnet-0123456789abcdefb]", "[subnet-0123456789abcdefb, subnet-0123456789abcdefa]"},
		refused:  true,
		says:     []string{"## Preview of `test`: this cannot be deployed", "lablink:network.subnetIds moves the host to us-west-2b, but its data volume", "put us-west-2a first"},
		never:    []string{"lost for good"},
	},
	{
		name:     "changed domain",
		settings: []string{"test.lab.example.org", "other.lab.example.org"},
		says: []string{
			"| `dns-record` replaced | the old name: links with it lead nowhere. Machines that run check the allocator's certificate for the old name",
			"`name` `test.lab.example.org` → `other.lab.example.org`, for which it is replaced", "| `url` | `https://test.lab.example.org` | (known after the deployment) | covers it",
		},
	},
	{
		name: "deleted alarm",
		source: map[string][]string{"infra/watch/alarms.go": {`		{
			"host-down", "The allocator's host does not answer, or is not running.",
			namespace, "StatusCheckFailed_Instance", host, "Maximum", 60, 5, atLeast, 1, wrong, "",
		},
`, ""}},
		says: []string{
			"## Preview of `test`: 1 deleted\n", "(−$0.10)", "- **deleted** `watch-host-down` (cloudwatch MetricAlarm)",
			"| `watch-host-down` deleted | nobody is told any more, and nothing is done any more, when this is so: The allocator's host does not answer, or is not running. | for good |",
		},
	},
	{
		name: "contract break",
		source: map[string][]string{
			"stacks/outputs/outputs.go":     {"\tDashboardURL string `json:\"dashboardUrl\"`\n", ""},
			"stacks/program/environment.go": {`"database": e.databaseOutput(), "dashboardUrl": dashboard,`, `"database": e.databaseOutput(),`, "dashboard, err := e.declareWatch(ctx)", "_, err = e.declareWatch(ctx)"},
		},
		says: []string{
			"## Preview of `test`: nothing changes, 1 output changes", "**The contract with readers of the outputs breaks**: `dashboardUrl` (gone).",
			"**breaks it**: gone, and the version stays 1.",
		},
	},
	{
		name: "contract of another version",
		source: map[string][]string{
			"stacks/outputs/outputs.go":     {"\tDashboardURL string `json:\"dashboardUrl\"`\n", "", "const Version = 1", "const Version = 2"},
			"stacks/program/environment.go": {`"database": e.databaseOutput(), "dashboardUrl": dashboard,`, `"database": e.databaseOutput(),`, "dashboard, err := e.declareWatch(ctx)", "_, err = e.declareWatch(ctx)"},
		},
		says:  []string{"| gone: covered by version 1 → 2 |", "| `contractVersion` | `1` | `2` | readers of the older version refuse the stack |"},
		never: []string{"breaks"},
	},
	{
		name:     "wrong setting",
		settings: []string{"maxMachines: 5", "maxMachines: 0"},
		refused:  true,
		says:     []string{"## Preview of `test`: this cannot be deployed", "The settings are not right:", "lablink:pools[0].maxMachines must be between 1 and 1000, not 0", "fix: set how many machines"},
		never:    []string{"No guardrail", "### Cost", "### Outputs"},
	},
	{
		name:    "guardrail",
		source:  map[string][]string{"infra/host/host.go": {"HttpPutResponseHopLimit: pulumi.Int(1)", "HttpPutResponseHopLimit: pulumi.Int(2)"}},
		refused: true,
		says:    []string{"## Preview of `test`: this cannot be deployed", "A guardrail speaks:", `host-instance has httpTokens "required" and 2 hops`},
		never:   []string{"No guardrail", "### Cost", "### Outputs"},
	},
}
