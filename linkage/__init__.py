"""The trusted third party: receive, validate, link, pseudonymise, extract."""
