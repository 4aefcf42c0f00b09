; The installer of Windows, by Inno Setup 6, from the folder that PyInstaller left in dist\guichet:
;     iscc installer\guichet.iss
; leaves dist\guichet-VERSION-installation.exe.
;
; To sign the programs and the installer, describe the signing tool once to Inno Setup, under the name "signature":
;     iscc "/Ssignature=signtool.exe sign /fd SHA256 /tr URL-OF-THE-TIMESTAMP /td SHA256 /a $f" /DSigned installer\guichet.iss
; The certificate stays in the store of the machine that signs: neither it nor its password is ever written here.

#define Root AddBackslash(SourcePath) + ".."
#define Package Root + "\dist\guichet"

; Written by build_installer.spec from guichet\__init__.py, the one place of the version: #define Version "…"
#include Root + "\dist\version.iss"

[Setup]
; Never changed: by it Windows knows that a later version replaces this one.
AppId={{6E1B7C0A-52C4-4C0D-9C0E-1F2C3B8D7A45}
AppName=Guichet
AppVersion={#Version}
VersionInfoVersion={#Version}
VersionInfoDescription=Installation de Guichet
AppPublisher=Guichet
LicenseFile={#Root}\LICENSE
; For every account of the machine, by an administrator.
PrivilegesRequired=admin
DefaultDirName={autopf}\Guichet
DisableProgramGroupPage=yes
DisableDirPage=auto
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputDir={#Root}\dist
OutputBaseFilename=guichet-{#Version}-installation
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
UninstallDisplayIcon={app}\guichet.exe
UninstallDisplayName=Guichet {#Version}
; An update asks that the running program be closed, and never restarts the machine.
CloseApplications=yes
RestartApplications=no
#ifdef Signed
SignTool=signature
SignedUninstaller=yes
#endif

[Languages]
Name: "fr"; MessagesFile: "compiler:Languages\French.isl"

[Tasks]
Name: "bureau"; Description: "Créer un raccourci sur le bureau"; Flags: unchecked

[InstallDelete]
; What a version no longer brings must not stay beside the new one. Nothing of the town's is ever kept here.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
#ifdef Signed
Source: "{#Package}\*.exe"; DestDir: "{app}"; Flags: ignoreversion signonce
#else
Source: "{#Package}\*.exe"; DestDir: "{app}"; Flags: ignoreversion
#endif
Source: "{#Package}\_internal\*"; DestDir: "{app}\_internal"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\Guichet"; Filename: "{app}\guichet.exe"; Comment: "Guichet unique enfance-jeunesse"
Name: "{autodesktop}\Guichet"; Filename: "{app}\guichet.exe"; Tasks: bureau

[Run]
Filename: "{app}\guichet.exe"; Description: "Ouvrir Guichet"; Flags: nowait postinstall skipifsilent runasoriginaluser

; No [UninstallDelete]: the bases, the settings and the copies of each account stay when the program goes.
