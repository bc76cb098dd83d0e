package outputs_test

import (
	"fmt"
	"os/exec"

	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

func ExampleReadEnvironment() {
	_ = func() error {
		raw, err := exec.Command("pulumi", "stack", "output", "--json", "--stack", "prod").Output()
		if err != nil {
			return err
		}
		lab, err := outputs.ReadEnvironment(raw)
		if err != nil {
			return err
		}
		fmt.Println(lab.URL, lab.Pools["gpu"].AMI)
		return nil
	}
}
