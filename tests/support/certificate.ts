/**
 * What tests speak TLS with: a certificate for `localhost` that trusts itself, valid until 2126, and its key, which guards
 * nothing. Made with OpenSSL, which not every machine has that runs the tests:
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost \
 *       -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE
 *
 * @module
 */

export const CERT = `-----BEGIN CERTIFICATE-----
MIIBkzCCATigAwIBAgIUEFtB5rX9Lnj+BwnHZ7aJ8eKT898wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA0NTQ1MloYDzIxMjYxMDMw
MDQ1NDUyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARQMvuA3AOg3m/pqfuXQ2Ms9zMiwIz1P3yetOZYFp3FwpEVXQDguQzc
c8N2HU9GvJKdqmhz5Ro1oro926ZiswQYo2YwZDAdBgNVHQ4EFgQUzXPXymogyGQm
VYh72qYlRkz6fJAwHwYDVR0jBBgwFoAUzXPXymogyGQmVYh72qYlRkz6fJAwFAYD
VR0RBA0wC4IJbG9jYWxob3N0MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAw
RgIhAP0CQriRbOSNuuP6Z1vWOgG4FQSJshwqNip85+gsvStdAiEAmx0dTqpGp8pt
NxI1Dl9XFG6fKK+qtCgASEP/QZhFbZc=
-----END CERTIFICATE-----
`;

export const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgD4CfEnXeQdOn2zvF
yhZE+it+bssZJyvahlCYHJeIwGehRANCAARQMvuA3AOg3m/pqfuXQ2Ms9zMiwIz1
P3yetOZYFp3FwpEVXQDguQzcc8N2HU9GvJKdqmhz5Ro1oro926ZiswQY
-----END PRIVATE KEY-----
`;
