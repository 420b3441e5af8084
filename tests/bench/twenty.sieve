# Twenty rules of all kinds: text, sets, numbers, networks, times, regular expressions, nesting.
if feed.name == 'SSH' { add! extra.team = 'access' }
if feed.name == 'Phishing' { add! extra.team = 'fraud' }
if feed.name :in ['Sinkhole', 'Drones'] { add! extra.team = 'malware' }
if feed.accuracy < 50 { drop }
if classification.type == 'spam' && source.port == 25 { drop }
if classification.type :in ['scanner', 'brute-force'] { update status = 'seen' }
if source.fqdn =~ '^h[0-9]+1\.example\.net$' { add! extra.watched = 'yes' }
if source.fqdn :contains 'example.org' { add! extra.watched = 'no' }
if source.ip << '185.0.0.0/8' { add! extra.zone = 'a' }
if source.ip << ['203.0.112.0/20', '45.0.0.0/8', '2001:db8::/32'] { add! extra.zone = 'b' }
if destination.ip << '100.64.0.0/10' { drop }
if source.port >= 1024 && source.port <= 2048 { add! extra.low = 'yes' }
if source.asn == 64512 || source.asn == 64513 { drop }
if malware.name =~ '(?i)^(emo|qak)[a-z]*t$' {
  add! event_description.text = 'banking trojan'
  if protocol.transport == 'tcp' { add! extra.tcp = 'yes' }
}
if malware.name != 'unknown' && :notexists malware.hash.sha256 { add! extra.sample = 'wanted' }
if protocol.application == 'ssh' { remove extra.pid } elif protocol.application == 'smb' { remove extra.win } else { add! extra.other = 'yes' }
if tlp == 'RED' { drop }
if time.source :before '2015-01-01' { drop }
if extra.ua :regexin ['^sqlmap', '^nikto'] { drop }
if extra.ids :equals [1, 2] { add! extra.pair = 'yes' }
