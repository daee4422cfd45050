"""What a session's page may do in a browser. LOCKDOWN 4: outputs that make the researcher's browser call out.

The door in front of the notebook server says it, whatever the server is by then and whatever it says.
"""

# The one script that stands in JupyterLab's own page; another version may have another.
_LAB_SCRIPT = "sha256-DHk7PmJD5wtdpNjEzpkYISzoAstMGRwG1GNWZ25R2pM="

# JupyterLab compiles its settings schemas, hence unsafe-eval; widgets style inline. The sandbox leaves out
# downloads, popups and modals, which are how a page saves, opens and prints.
_POLICY = (
    "default-src 'self'",
    f"script-src 'self' 'unsafe-eval' '{_LAB_SCRIPT}'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "sandbox allow-scripts allow-same-origin allow-forms",
)

HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
