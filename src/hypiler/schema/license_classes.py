"""The classes of licences: the words of the SPDX licence list 3.27 that ask more than a notice.

Written by tools/make_licenses.py from the data of the package license-expression (ScanCode LicenseDB, CC-BY-4.0). The
classes join the categories of that data, which https://scancode-licensedb.aboutcode.org/ describes; licences whose name
says that they forbid commercial use have a class of their own. Permissive licences and the public domain are left out.
"""

WEAK_COPYLEFT = frozenset(
    """
    389-exception APSL-1.0 APSL-1.1 APSL-1.2 APSL-2.0 Artistic-1.0 Artistic-1.0-cl8 Artistic-1.0-Perl Artistic-2.0
    Artistic-dist Asterisk-linking-protocols-exception Autoconf-exception-2.0 Autoconf-exception-3.0
    Autoconf-exception-generic Autoconf-exception-generic-3.0 Autoconf-exception-macro Bison-exception-1.24
    Bison-exception-2.2 BitTorrent-1.0 BitTorrent-1.1 Bootloader-exception CAL-1.0-Combined-Work-Exception CATOSL-1.1
    CC-BY-SA-1.0 CC-BY-SA-2.0 CC-BY-SA-2.0-UK CC-BY-SA-2.1-JP CC-BY-SA-2.5 CC-BY-SA-3.0 CC-BY-SA-3.0-AT CC-BY-SA-3.0-DE
    CC-BY-SA-3.0-IGO CC-BY-SA-4.0 CDDL-1.0 CDDL-1.1 CDL-1.0 CDLA-Sharing-1.0 CECILL-1.1 CECILL-2.0 CECILL-2.1
    CERN-OHL-W-2.0 CGAL-linking-exception ClArtistic Classpath-exception-2.0 CLISP-exception-2.0 CPL-1.0 CUA-OPL-1.0
    Digia-Qt-LGPL-exception-1.1 DigiRule-FOSS-exception eCos-2.0 eCos-exception-2.0 EPL-1.0 EPL-2.0
    erlang-otp-linking-exception EUPL-1.1 EUPL-1.2 Eurosym Fawkes-Runtime-exception FDK-AAC FLTK-exception
    Font-exception-2.0 Frameworx-1.0 FreeImage freertos-exception-2.0 GCC-exception-2.0 GCC-exception-2.0-note
    GCC-exception-3.1 GCR-docs GFDL-1.1 GFDL-1.1-invariants-only GFDL-1.1-invariants-or-later
    GFDL-1.1-no-invariants-only GFDL-1.1-no-invariants-or-later GFDL-1.1-only GFDL-1.1-or-later GFDL-1.2
    GFDL-1.2-invariants-only GFDL-1.2-invariants-or-later GFDL-1.2-no-invariants-only GFDL-1.2-no-invariants-or-later
    GFDL-1.2-only GFDL-1.2-or-later GFDL-1.3 GFDL-1.3-invariants-only GFDL-1.3-invariants-or-later
    GFDL-1.3-no-invariants-only GFDL-1.3-no-invariants-or-later GFDL-1.3-only GFDL-1.3-or-later GL2PS Gmsh-exception
    GNAT-exception GNU-compiler-exception gnu-javamail-exception gnuplot GPL-2.0-with-autoconf-exception
    GPL-2.0-with-classpath-exception GPL-2.0-with-font-exception GPL-2.0-with-GCC-exception
    GPL-3.0-389-ds-base-exception GPL-3.0-interface-exception GPL-3.0-linking-exception GPL-3.0-linking-source-exception
    GPL-3.0-with-autoconf-exception GPL-3.0-with-GCC-exception GPL-CC-1.0 gSOAP-1.3b harbour-exception
    i2p-gpl-java-exception Imlib2 Independent-modules-exception IPA IPL-1.0 KiCad-libraries-exception LGPL-2.0
    LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-linking-exception
    LGPL-3.0-only LGPL-3.0-or-later LGPLLR Libtool-exception LiLiQ-P-1.1 LiLiQ-R-1.1 Linux-man-pages-1-para
    Linux-man-pages-copyleft-2-para Linux-man-pages-copyleft-var Linux-syscall-note LLGPL LPL-1.0 LPL-1.02
    LZMA-exception mif-exception MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception MS-RL NASA-1.3 NBPL-1.0 NGPL
    Nokia Nokia-Qt-exception-1.1 NOSL Noweb NPL-1.0 NPL-1.1 OCaml-LGPL-linking-exception OCCT-exception-1.0 OCCT-PL
    OCLC-2.0 OFL-1.1 OGTSL OLDAP-1.1 OLDAP-1.2 OLDAP-1.3 OLDAP-1.4 OpenJDK-assembly-exception-1.0 OpenPBS-2.3
    openvpn-openssl-exception OPL-1.0 OSET-PL-2.1 polyparse-exception PS-or-PDF-font-exception-20170817 Qhull QPL-1.0
    QPL-1.0-INRIA-2004 QPL-1.0-INRIA-2004-exception Qt-GPL-exception-1.0 Qt-LGPL-exception-1.1 Qwt-exception-1.0
    romic-exception RPL-1.1 RPL-1.5 RPSL-1.0 RRDtool-FLOSS-exception-2.0 RSCPL Ruby SANE-exception Sendmail-8.23 SMPPL
    SPL-1.0 stunnel-exception SWI-exception TAPR-OHL-1.0 Texinfo-exception TORQUE-1.1 TPL-1.0 u-boot-exception-2.0
    UBDL-exception Ubuntu-font-1.0 UCL-1.0 Universal-FOSS-exception-1.0 URT-RLE vsftpd-openssl-exception wxWindows
    WxWindows-exception-3.1 YPL-1.0 Zimbra-1.3 Zimbra-1.4
    """.split()
)

STRONG_COPYLEFT = frozenset(
    """
    AGPL-1.0 AGPL-1.0-only AGPL-1.0-or-later AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later Aladdin APL-1.0 Arphic-1999
    Asterisk-exception BSD-Protection CAL-1.0 CC-SA-1.0 CECILL-1.0 CECILL-C CERN-OHL-S-2.0 copyleft-next-0.3.0
    copyleft-next-0.3.1 CPAL-1.0 cryptsetup-OpenSSL-exception D-FSL-1.0 ErlPL-1.1 EUPL-1.0 Glide GPL-1.0 GPL-1.0-only
    GPL-1.0-or-later GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0-only GPL-3.0-or-later Interbase-1.0 LAL-1.2
    LAL-1.3 libpri-OpenH323-exception LiLiQ-Rplus-1.1 Linux-man-pages-copyleft LPPL-1.0 LPPL-1.1 LPPL-1.2 LPPL-1.3a
    LPPL-1.3c MakeIndex Motosoto NPOSL-3.0 ODbL-1.0 OSL-1.0 OSL-1.1 OSL-2.0 OSL-2.1 OSL-3.0 Parity-6.0.0 Parity-7.0.0
    PPL RHeCos-1.1 SimPL-2.0 Sleepycat SMAIL-GPL SNIA SugarCRM-1.1.3 TGPPL-1.0 TMate TOSL Vim VOSTROM
    x11vnc-openssl-exception YPL-1.1
    """.split()
)

USE_RESTRICTED = frozenset(
    """
    ASWF-Digital-Assets-1.0 ASWF-Digital-Assets-1.1 BSD-3-Clause-No-Military-License BSD-3-Clause-No-Nuclear-License
    BSD-3-Clause-No-Nuclear-License-2014 BSD-3-Clause-No-Nuclear-Warranty BUSL-1.1 C-UDA-1.0 Caldera CC-BY-ND-1.0
    CC-BY-ND-2.0 CC-BY-ND-2.5 CC-BY-ND-3.0 CC-BY-ND-3.0-DE CC-BY-ND-4.0 CPOL-1.02 Elastic-2.0 FSL-1.1-ALv2 FSL-1.1-MIT
    Hippocratic-2.1 HPND-export-US HPND-export-US-acknowledgement HPND-UC-export-US JPL-image
    LicenseRef-bigcode-openrail-m LicenseRef-bigscience-bloom-rail-1.0 LicenseRef-bigscience-openrail-m LicenseRef-Gemma
    LicenseRef-llama2 PolyForm-Small-Business-1.0.0 SGI-B-1.0 SISSL SISSL-1.2 SOFA SSPL-1.0 SUL-1.0 Unicode-TOU
    Watcom-1.0
    """.split()
)

UNSTATED = frozenset(
    """
    any-OSI any-OSI-perl-modules PCRE2-exception
    """.split()
)

NON_COMMERCIAL = frozenset(
    """
    CC-BY-NC-1.0 CC-BY-NC-2.0 CC-BY-NC-2.5 CC-BY-NC-3.0 CC-BY-NC-3.0-DE CC-BY-NC-4.0 CC-BY-NC-ND-1.0 CC-BY-NC-ND-2.0
    CC-BY-NC-ND-2.5 CC-BY-NC-ND-3.0 CC-BY-NC-ND-3.0-DE CC-BY-NC-ND-3.0-IGO CC-BY-NC-ND-4.0 CC-BY-NC-SA-1.0
    CC-BY-NC-SA-2.0 CC-BY-NC-SA-2.0-DE CC-BY-NC-SA-2.0-FR CC-BY-NC-SA-2.0-UK CC-BY-NC-SA-2.5 CC-BY-NC-SA-3.0
    CC-BY-NC-SA-3.0-DE CC-BY-NC-SA-3.0-IGO CC-BY-NC-SA-4.0 NCGL-UK-2.0 PolyForm-Noncommercial-1.0.0
    """.split()
)
