package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// StackFile is the configuration that Pulumi.yaml and Pulumi.{stack}.yaml below
// root give a program: values by full key, objects and lists as JSON.
func StackFile(root, stack string) (map[string]string, error) {
	return ReadStackFile(root, filepath.Join(root, "Pulumi."+stack+".yaml"))
}

// ReadStackFile is StackFile for a stack that another file configures.
func ReadStackFile(root, path string) (map[string]string, error) {
	project, err := workspace.LoadProject(filepath.Join(root, "Pulumi.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read the project: %w", err)
	}
	values := map[string]string{}
	for key, declared := range project.Config {
		value := declared.Value
		if value == nil {
			value = declared.Default
		}
		if value == nil {
			continue
		}
		if values[key], err = flat(value); err != nil {
			return nil, fmt.Errorf("read %s of the project: %w", key, err)
		}
	}
	var said bytes.Buffer // what the engine would warn of
	sink := diag.DefaultSink(&said, &said, diag.FormatOptions{Color: colors.Never})
	file, err := workspace.LoadProjectStack(sink, project, path)
	if err != nil {
		return nil, fmt.Errorf("read the stack file %s: %w", path, err)
	}
	if said.Len() > 0 {
		return nil, fmt.Errorf("read the stack file %s: %s", path, said.String())
	}
	own, err := file.Config.Decrypt(config.NopDecrypter)
	if err != nil {
		return nil, fmt.Errorf("read the values of %s: %w", path, err)
	}
	for key, value := range own {
		values[key.String()] = value
	}
	return values, nil
}

// flat is a value as the engine hands it to a program.
func flat(value any) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	raw, err := json.Marshal(value)
	return string(raw), err
}
