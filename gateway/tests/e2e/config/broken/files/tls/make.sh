#!/usr/bin/env bash
# Makes the certificates of this folder anew: wrong ones whose dates and names stand in the snapshots, so that they are
# kept instead of being made by each run. Their one key is public, and good for nothing else.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt; }

for name in edge root intermediate other; do key >"$work/$name.key"; done

# issue NAME ISSUER FROM UNTIL EXTENSION...: a certificate, self-signed where it is its own issuer
issue() {
  local name=$1 issuer=$2 from=$3 until=$4 signer
  shift 4
  : >"$work/index.txt"
  printf '%s\n' '[ca]' 'default_ca=own' '[own]' "database=$work/index.txt" "new_certs_dir=$work" 'default_md=sha256' \
    'policy=any' 'rand_serial=yes' 'unique_subject=no' '[any]' 'commonName=supplied' '[extensions]' "$@" \
    'subjectKeyIdentifier=hash' >"$work/ca.cnf"
  [ "$name" = "$issuer" ] || echo 'authorityKeyIdentifier=keyid:always' >>"$work/ca.cnf"
  openssl req -new -key "$work/$(key_of "$name").key" -subj "/CN=$(subject_of "$name")" -out "$work/$name.csr"
  signer=(-cert "$work/$issuer.pem" -keyfile "$work/$issuer.key")
  [ "$name" != "$issuer" ] || signer=(-selfsign -keyfile "$work/$name.key")
  openssl ca -batch -notext -config "$work/ca.cnf" -extensions extensions -startdate "$from" -enddate "$until" \
    "${signer[@]}" -in "$work/$name.csr" -out "$work/$name.pem" 2>"$work/log" || { cat "$work/log"; exit 1; }
}

subject_of() { case $1 in root) echo 'Test Root' ;; intermediate*) echo 'Test Intermediate' ;; other) echo 'Other Root' ;; *) echo edge.example.com ;; esac; }
key_of() { case $1 in root | intermediate | other) echo "$1" ;; intermediate-*) echo other ;; *) echo edge ;; esac; }

now=20260101000000Z far=21260101000000Z past=20260102000000Z future=21250101000000Z
authority=basicConstraints=critical,CA:TRUE
server='subjectAltName=DNS:edge.example.com'
url='authorityInfoAccess=caIssuers;URI:http://ca.example.com/intermediate.crt'

issue root root $now $far "$authority"
issue other other $now $far "$authority"
issue intermediate root $now $far "$authority"
issue intermediate-expired root $now $past "$authority"
issue intermediate-namesake other $now $far "$authority"
issue edge intermediate $now $far "$server" "$url"
issue expired intermediate $now $past "$server"
issue direct root $now $far "$server"
issue early intermediate $future $far "$server"

cp "$work/edge.key" edge.key
cp "$work/root.pem" root.pem
cp "$work/edge.pem" alone.pem
cp "$work/direct.pem" direct.pem
cat "$work/edge.pem" "$work/root.pem" >without-intermediate.pem
cat "$work/edge.pem" "$work/intermediate-namesake.pem" >namesake.pem
cat "$work/edge.pem" "$work/root.pem" "$work/intermediate.pem" >disordered.pem
cat "$work/edge.pem" "$work/intermediate.pem" "$work/root.pem" >good.pem
cat "$work/expired.pem" "$work/intermediate.pem" >expired.pem
cat "$work/early.pem" "$work/intermediate.pem" >early.pem
# The expired one is the third: the second must be the issuer by its key too.
cat "$work/edge.pem" "$work/intermediate.pem" "$work/intermediate-expired.pem" >expired-intermediate.pem
key >other.key

printf '%s\n' '[ca]' 'default_ca=own' '[own]' "database=$work/index.txt" 'default_md=sha256' "crlnumber=$work/crlnumber" \
  'crl_extensions=extensions' '[extensions]' 'authorityKeyIdentifier=keyid:always' >"$work/crl.cnf"
: >"$work/index.txt"
echo 01 >"$work/crlnumber"
# revoke AUTHORITY UNTIL FILE: an empty list
revoke() {
  openssl ca -config "$work/crl.cnf" -gencrl -crl_lastupdate $now -crl_nextupdate "$2" -cert "$work/$1.pem" \
    -keyfile "$work/$1.key" -out "$3" 2>"$work/log" || { cat "$work/log"; exit 1; }
}
revoke other $far others.crl
revoke root $past outdated.crl
{
  echo '-----BEGIN X509 CRL-----'
  echo 'bm90IGEgbGlzdA=='
  echo '-----END X509 CRL-----'
} >garbled.crl
