package guardrail

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// Stack is what is held to the rules.
type Stack struct {
	*recording.Recording
	Namer naming.Namer
	// Boundary is the ARN of what bounds machines' roles, where another stack
	// declares it. Empty: this one does.
	Boundary string
	// SQLite is whether data is in a file of SQLite on a volume of the host.
	SQLite bool
	// Production stacks keep their data, whatever happens to the rest.
	Production bool
	// Protect is whether what cannot be made again must refuse its deletion.
	Protect bool
}

// Rule is one of the rules.
type Rule struct {
	// Says is the rule, as a sentence.
	Says string
	// Breaks are what breaks it, a line for each.
	Breaks func(Stack) []string
}

// Rules are all of them.
func Rules() []Rule {
	return []Rule{
		{"instance metadata needs a token and stays on the machine, and there is no SSH key", metadataIsClosed},
		{"every volume is encrypted", volumesAreEncrypted},
		{"people reach 80 and 443 of the allocator, clients its port, and nobody anything else", doorsAreClosed},
		{"load balancers speak TLS", listenersSpeakTLS},
		{"buckets are closed, versioned, encrypted and reached over TLS only", bucketsAreClosed},
		{"no policy allows everything", policiesAreNarrow},
		{"services act for this account alone, and workflows by one audience and exact subjects", trustIsExact},
		{"machines' roles are for EC2 alone", machineRolesAreForEC2},
		{"machines' roles are bounded", machineRolesAreBounded},
		{"a database is closed, encrypted and, in production, kept", databasesAreClosedAndKept},
		{"the data volume has snapshots, and nothing else has them", dataHasSnapshots},
		{"what cannot be made again is protected where the settings say so, and nothing else", keptIsProtected},
		{"everything that can be tagged says whose it is", everythingIsTagged},
		{"no secret is readable in the state", secretsAreHidden},
	}
}

// Check is nil for a stack that keeps all rules, and else an error that tells
// what breaks them.
func Check(s Stack) error {
	var wrong []string
	for _, rule := range Rules() {
		for _, line := range rule.Breaks(s) {
			wrong = append(wrong, rule.Says+": "+line)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("guardrails refuse this stack; nothing was deployed:\n  %s\nfix: where a secret is shown, choose another one; all else is declared by the program, and no setting lifts a guardrail: correct infra or stacks/program", strings.Join(wrong, "\n  "))
}

// Run runs declare, after everything that it will declare was recorded and found
// to keep the rules. It runs declare twice, so whatever declare looks up or
// builds it has to bring along. s needs no recording.
func Run(ctx *pulumi.Context, s Stack, declare pulumi.RunFunc) error {
	recorded, err := recording.Run(ctx.Stack(), recording.Account{ID: s.Namer.AccountID, Region: s.Namer.Region}, declare)
	if err != nil {
		return err
	}
	s.Recording = recorded
	if err := Check(s); err != nil {
		return err
	}
	return declare(ctx)
}

// each checks every resource of a type.
func (s Stack) each(typ string, check func(recording.Record) string) []string {
	var out []string
	for _, record := range s.Of(typ) {
		if wrong := check(record); wrong != "" {
			out = append(out, record.Name+" "+wrong)
		}
	}
	return out
}
