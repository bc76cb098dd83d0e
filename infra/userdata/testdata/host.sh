#!/bin/bash
# LabLink: fetches the release that the pointer names and hands over to it.
set -euo pipefail
umask 022

binary='lablink-allocator'
part='allocator'
region='us-west-2'
pointer='/lablink/lablink/test/release'
bucket='lablink-artifacts-test-123456789012-us-west-2'

root="${LABLINK_ROOT:-}"
imds="${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}"
ssm="${AWS_ENDPOINT_URL:-https://ssm.$region.amazonaws.com}"
s3="${AWS_ENDPOINT_URL:+$AWS_ENDPOINT_URL/$bucket}"
s3="${s3:-https://$bucket.s3.$region.amazonaws.com}"

say() { echo "lablink: $*"; }

# cloud-init runs user data once, and counts a run that a loss of power cut short.
# So until the machine is set up, every boot begins anew.
again="$root/var/lib/cloud/scripts/per-boot/lablink"
self="${BASH_SOURCE[0]:-}"
keep() {
  mkdir -p "${again%/*}" && cp "$self" "$again.new" && chmod 0700 "$again.new" &&
    sync "$again.new" && mv "$again.new" "$again"
}
if [ -f "$self" ] && [ "$self" != "$again" ]; then
  keep || say "should this boot be cut short, the machine has to be replaced"
fi

# field NAME reads the value of NAME from a JSON object on standard input.
field() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p' | head -n 1; }

# What is secret goes to curl on its standard input, so that no list of processes
# shows it.

# metadata PATH reads instance metadata.
metadata() {
  printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token" |
    curl -K - -sS -f -m 5 "$imds/latest/meta-data/$1"
}

# credentials reads those of the instance's role.
credentials() {
  local role json
  token="$(curl -sS -f -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$imds/latest/api/token")" || return 1
  role="$(metadata iam/security-credentials/)" || return 1
  json="$(metadata "iam/security-credentials/$role" | tr -d '\n')" || return 1
  key="$(field AccessKeyId <<<"$json")"
  secret="$(field SecretAccessKey <<<"$json")"
  session="$(field Token <<<"$json")"
  [ -n "$key" ] && [ -n "$secret" ] && [ -n "$session" ]
}

# signed SERVICE ARG... calls AWS with the role's credentials. ARG says how long
# it may take: when the host gets its address, a call in flight is cut, which it
# does not notice.
signed() {
  local service="$1"
  shift
  printf 'user = "%s:%s"\nheader = "X-Amz-Security-Token: %s"\n' "$key" "$secret" "$session" |
    curl -K - -sS -f --connect-timeout 10 --aws-sigv4 "aws:amz:$region:$service" "$@"
}

# object KEY FILE ARG... fetches an object.
object() {
  local path="$1" file="$2"
  shift 2
  signed s3 -H 'X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' \
    -o "$file" "$@" "$s3/$path"
}

# is FILE SUM checks a file.
is() { echo "$2  $1" | sha256sum --check --status; }

fetch() {
  say "asking instance metadata for credentials"
  credentials || return 1
  say "reading the release pointer $pointer"
  release="$(signed ssm -m 20 -X POST -H 'X-Amz-Target: AmazonSSM.GetParameter' \
    -H 'Content-Type: application/x-amz-json-1.1' --data "{\"Name\":\"$pointer\"}" "$ssm/" | field Value)" || return 1
  [[ "$release" =~ ^[0-9a-f]{64}$ ]] || { say "the pointer holds no release: '$release'"; return 1; }
  dir="$root/opt/lablink/releases/$release"
  mkdir -p "$dir"
  say "fetching the manifest of release $release"
  object "releases/$release.json" "$dir/manifest.json" -m 20 || return 1
  is "$dir/manifest.json" "$release" || { say "the manifest has the wrong sum"; return 1; }
  local entry
  entry="$(grep -o "\"$part\":{\(\"linux/[a-z0-9]*\":{[^}]*},\{0,1\}\)*}" "$dir/manifest.json" |
    grep -o "\"linux/$arch\":{[^}]*}")" || { say "the release has no $binary for linux/$arch"; return 1; }
  say "fetching $binary for linux/$arch"
  object "$(field key <<<"$entry")" "$dir/$binary.new" --speed-limit 1024 --speed-time 20 || return 1
  is "$dir/$binary.new" "$(field sha256 <<<"$entry")" || { say "$binary has the wrong sum"; return 1; }
  chmod 0755 "$dir/$binary.new" && sync "$dir/$binary.new" "$dir/manifest.json" && mv "$dir/$binary.new" "$dir/$binary"
}

# What this release cannot set up, the one that the pointer names later may.
set_up() {
  fetch || return 1
  say "handing over to $binary"
  "$dir/$binary" bootstrap --release "$release" '--region' 'us-west-2' '--volume' 'vol-0123456789abcdef0'
}

case "$(uname -m)" in
  x86_64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) say "there is no LabLink for $(uname -m)"; exit 1 ;;
esac

# Older ones do not sign the session token, and AWS refuses every call.
version="$(curl --version | sed -n '1s/^curl \([0-9]*\.[0-9]*\).*/\1/p')" || version=
if [ "$(printf '%s\n' 7.87 "${version:-0}" | sort -V | head -n 1)" != 7.87 ]; then
  say "curl ${version:-of no known version} will not do: LabLink needs 7.87 or newer; choose a newer image"
  exit 1
fi

wait=1
until set_up; do
  say "that did not work; trying again in $wait s"
  sleep "$wait"
  wait=$((wait < 15 ? wait * 2 : 30))
done

rm -f "$again"
