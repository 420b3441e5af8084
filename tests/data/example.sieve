# The demonstration rules of intelmq-expert-sieve.
if classification.type == 'test' {
  drop
}
if source.ip << ['192.0.2.0/24', '2001:db8::/32'] || source.fqdn =~ '\.example$' {
  add! extra.customer = 'Example Ltd'
  path ['customers', '_default']
} elif feed.accuracy < 50 && :notexists source.abuse_contact {
  update status = 'doubtful'
  keep
}
if extra.tags :overlaps ['honeypot', 'sinkhole'] {
  append extra.tags 'observed'
}
$contact = source.ip
add extra.reported = $contact
