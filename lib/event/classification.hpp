// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace intelmq {

/// One value of classification.type and the taxonomy it belongs to.
struct Classification {
  std::string_view type, taxonomy;
};

/// Sorted by type. `other` also holds IntelMQ's own types that no taxonomy of the RSIT covers.
inline constexpr std::array classifications = {
    Classification{"application-compromise", "intrusions"},
    Classification{"blacklist", "other"},
    Classification{"brute-force", "intrusion-attempts"},
    Classification{"burglary", "intrusions"},
    Classification{"c2-server", "malicious-code"},
    Classification{"copyright", "fraud"},
    Classification{"data-leak", "information-content-security"},
    Classification{"data-loss", "information-content-security"},
    Classification{"ddos", "availability"},
    Classification{"ddos-amplifier", "vulnerable"},
    Classification{"dga-domain", "other"},
    Classification{"dos", "availability"},
    Classification{"exploit", "intrusion-attempts"},
    Classification{"harmful-speech", "abusive-content"},
    Classification{"ids-alert", "intrusion-attempts"},
    Classification{"infected-system", "malicious-code"},
    Classification{"information-disclosure", "vulnerable"},
    Classification{"malware", "other"},
    Classification{"malware-configuration", "malicious-code"},
    Classification{"malware-distribution", "malicious-code"},
    Classification{"masquerade", "fraud"},
    Classification{"misconfiguration", "availability"},
    Classification{"other", "other"},
    Classification{"outage", "availability"},
    Classification{"phishing", "fraud"},
    Classification{"potentially-unwanted-accessible", "vulnerable"},
    Classification{"privileged-account-compromise", "intrusions"},
    Classification{"proxy", "other"},
    Classification{"sabotage", "availability"},
    Classification{"scanner", "information-gathering"},
    Classification{"sniffing", "information-gathering"},
    Classification{"social-engineering", "information-gathering"},
    Classification{"spam", "abusive-content"},
    Classification{"system-compromise", "intrusions"},
    Classification{"test", "test"},
    Classification{"tor", "other"},
    Classification{"unauthorised-information-access", "information-content-security"},
    Classification{"unauthorised-information-modification", "information-content-security"},
    Classification{"unauthorized-use-of-resources", "fraud"},
    Classification{"undetermined", "other"},
    Classification{"unprivileged-account-compromise", "intrusions"},
    Classification{"violence", "abusive-content"},
    Classification{"vulnerable-system", "vulnerable"},
    Classification{"weak-crypto", "vulnerable"},
};

/// A name that sanitation replaces.
struct Alias {
  std::string_view from, to;
};

inline constexpr std::array type_aliases = {
    Alias{"backdoor", "system-compromise"},
    Alias{"botnet drone", "infected-system"},
    Alias{"c&c", "c2-server"},
    Alias{"c2server", "c2-server"},
    Alias{"compromised", "system-compromise"},
    Alias{"defacement", "unauthorised-information-modification"},
    Alias{"dga domain", "dga-domain"},
    Alias{"dropzone", "other"},
    Alias{"ids alert", "ids-alert"},
    Alias{"infected system", "infected-system"},
    Alias{"leak", "data-leak"},
    Alias{"malware configuration", "malware-configuration"},
    Alias{"ransomware", "infected-system"},
    Alias{"unauthorized-command", "system-compromise"},
    Alias{"unauthorized-login", "system-compromise"},
    Alias{"unknown", "undetermined"},
    Alias{"vulnerable client", "vulnerable-system"},
    Alias{"vulnerable service", "vulnerable-system"},
};

inline constexpr std::array taxonomies = {
    std::string_view{"abusive-content"},
    std::string_view{"availability"},
    std::string_view{"fraud"},
    std::string_view{"information-content-security"},
    std::string_view{"information-gathering"},
    std::string_view{"intrusion-attempts"},
    std::string_view{"intrusions"},
    std::string_view{"malicious-code"},
    std::string_view{"other"},
    std::string_view{"test"},
    std::string_view{"vulnerable"},
};

inline constexpr std::array taxonomy_aliases = {
    Alias{"abusive content", "abusive-content"},
    Alias{"information gathering", "information-gathering"},
    Alias{"intrusion attempts", "intrusion-attempts"},
    Alias{"malicious code", "malicious-code"},
};

inline constexpr std::array registries = {
    std::string_view{"AFRINIC"}, std::string_view{"APNIC"}, std::string_view{"ARIN"},
    std::string_view{"LACNIC"},  std::string_view{"RIPE"},
};

inline constexpr std::array tlp_levels = {
    std::string_view{"WHITE"},
    std::string_view{"GREEN"},
    std::string_view{"AMBER"},
    std::string_view{"RED"},
};

}  // namespace intelmq
