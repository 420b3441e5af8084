# Five rules as a team would write them; two use regular expressions.
if source.fqdn =~ '^h[0-9]+1\.example\.net$' {
  add! extra.watched = 'yes'
}
if classification.type == 'phishing' && protocol.application == 'https' {
  update status = 'urgent'
}
if source.ip << ['100.64.0.0/10', '185.0.0.0/8'] || source.port < 2048 {
  add! extra.zone = 'inner'
}
if malware.name =~ '(?i)^(emo|qak)[a-z]*t$' {
  add! event_description.text = 'banking trojan'
} else {
  remove extra.pid
}
if :exists tlp && tlp :in ['RED', 'AMBER+STRICT'] {
  drop
}
