# SPDX-License-Identifier: Apache-2.0
"""What schemathesis is told of bodies that it does not know."""
import schemathesis


@schemathesis.serializer("application/x-tar")
def archive(_, value):
    """Any bytes: the service says whether they are an archive."""
    return value if isinstance(value, bytes) else str(value).encode()
