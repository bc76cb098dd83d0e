package secrets

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Manager is the part of the SDK's client of Secrets Manager that is used.
type Manager interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// Login is the user and password of a database, in a secret that RDS keeps, and
// changes from time to time. It is read once, and again when asked for.
type Login struct {
	Client Manager
	ARN    string

	mu   sync.Mutex
	read *login
}

// login is what RDS writes into such a secret.
type login struct {
	User     string `json:"username"`
	Password string `json:"password"`
}

// Get returns user and password: with fresh set as they are now, otherwise as they
// were when they were last read.
func (l *Login) Get(ctx context.Context, fresh bool) (user, password string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.read == nil || fresh {
		now, err := l.fetch(ctx)
		if err != nil {
			return "", "", err
		}
		l.read = now
	}
	return l.read.User, l.read.Password, nil
}

func (l *Login) fetch(ctx context.Context) (*login, error) {
	out, err := l.Client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &l.ARN})
	if err != nil {
		return nil, fmt.Errorf("read the secret %s: %w", l.ARN, err)
	}
	var now login
	// What is in the secret is not repeated in an error.
	if json.Unmarshal([]byte(aws.ToString(out.SecretString)), &now) != nil || now.User == "" || now.Password == "" {
		return nil, fmt.Errorf("the secret %s does not hold a user and a password, as RDS writes them: let RDS manage the password of the database", l.ARN)
	}
	return &now, nil
}
